"""The terminal style: aligned columns, bold values, dim rest, colour only with a glyph, never wider than the screen."""
