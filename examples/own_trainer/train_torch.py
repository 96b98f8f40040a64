"""A trainer that knows nothing of gnomon, in PyTorch: a small GPT on characters that prints its losses as nanoGPT does.

The text is the documentation that ships with every Python; its last twentieth is held out.

    python train_torch.py --n_embd 32 --n_layer 2 --tokens 200000 --learning_rate 3e-3 --batch_size 16
"""

import argparse
from pydoc_data.topics import topics

import torch
from torch import nn
from torch.nn import functional as F

BLOCK, HEAD = 32, 8  # characters of context, width of a head
SYMBOLS = "\n" + "".join(map(chr, range(32, 127)))  # everything else becomes a blank


class Block(nn.Module):
    """Attention and an MLP, each added to what comes in, behind a norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // HEAD
        self.norm_1, self.norm_2 = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.attend, self.project = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.widen, self.narrow = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        parts = self.attend(self.norm_1(x)).view(batch, length, 3, self.heads, HEAD).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(*parts, is_causal=True)
        x = x + self.project(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.narrow(F.gelu(self.widen(self.norm_2(x))))


class GPT(nn.Module):
    """Embeddings of characters and places, blocks, and the output layer."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.symbols, self.places = nn.Embedding(len(SYMBOLS), width), nn.Embedding(BLOCK, width)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(layers)))
        self.norm, self.read = nn.LayerNorm(width, bias=False), nn.Linear(width, len(SYMBOLS), bias=False)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        logits = self.read(self.norm(self.blocks(self.symbols(x) + self.places.weight)))
        return F.cross_entropy(logits.flatten(0, 1), y.flatten())


def read_text() -> torch.Tensor:
    """The text as numbers of symbols."""
    place = {symbol: i for i, symbol in enumerate(SYMBOLS)}
    return torch.tensor([place.get(s, place[" "]) for s in "\n".join(topics[name] for name in sorted(topics))])


def batch_at(text: torch.Tensor, starts: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Windows of text, and the same one character on."""
    found = text[starts[:, None] + torch.arange(BLOCK + 1)]
    return found[:, :-1], found[:, 1:]


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, kind in (
        ("n_embd", int),
        ("n_layer", int),
        ("tokens", int),
        ("learning_rate", float),
        ("batch_size", int),
    ):
        parser.add_argument(f"--{name}", type=kind, required=True)
    asked = parser.parse_args()

    torch.manual_seed(0)
    torch.set_num_threads(1)
    text = read_text()
    split = len(text) * 19 // 20
    model = GPT(asked.n_embd, asked.n_layer)
    print(f"number of parameters: {sum(p.numel() for p in model.parameters())}")
    optimizer = torch.optim.AdamW(model.parameters(), lr=asked.learning_rate, betas=(0.9, 0.99), weight_decay=0.0)
    held_out = batch_at(text, torch.linspace(split, len(text) - BLOCK - 1, 128).long())
    steps = max(asked.tokens // (asked.batch_size * BLOCK), 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (0.05 * steps), 1.0) * (1 - step / steps)
    )
    for step in range(1, steps + 1):
        loss = model(*batch_at(text, torch.randint(split - BLOCK - 1, (asked.batch_size,))))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step == steps or step % 100 == 0:
            with torch.no_grad():
                print(f"step {step}: train loss {loss:.4f}, val loss {model(*held_out):.4f}", flush=True)


if __name__ == "__main__":
    main()
