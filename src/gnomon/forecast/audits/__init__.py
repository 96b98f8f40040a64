"""The rules of an audit: what each looks at, why it matters, and what to do about it."""
