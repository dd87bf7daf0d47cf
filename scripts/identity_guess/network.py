"""The network that guesses who somebody is; its input is what ``face.guess`` gives it, its output identity codes."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .samples import Samples

KEPT = 32  # channels kept of each of the mesh network's inner images
HIDDEN = 384
MIDDLE = slice(16, 80)  # of the crop: where the face is


class GuessNet(nn.Module):
    """A small convolutional network on the crop beside the mesh network's inner images and the landmarks."""

    def __init__(self, samples: Samples, codes: int, drop: float) -> None:
        """Inputs are scaled as ``samples`` are spread."""
        super().__init__()
        marks = torch.from_numpy(samples.marks[:4000]).float()
        self.register_buffer("marks_mean", marks.mean(0))
        self.register_buffer("marks_spread", marks.std(0) + 0.1)
        for name in ("fine", "coarse"):
            image = torch.from_numpy(getattr(samples, name)[:4000]).float()
            self.register_buffer(f"{name}_mean", image.mean((0, 2, 3), keepdim=True))
            self.register_buffer(f"{name}_spread", image.std((0, 2, 3), keepdim=True) + 0.05)
        self.fine, self.coarse = nn.Conv2d(128, KEPT, 1), nn.Conv2d(128, KEPT, 1)
        widths = [(3, 24, 2), (24, 48, 2), (48, 48, 1), (48, 96, 2), (96, 96, 1), (96, 160, 2), (160, 160, 1)]
        self.looks = nn.Sequential(*(_layer(*width) for width in widths), nn.Conv2d(160, 40, 1))
        size = marks.shape[1] + KEPT * (64 + 16) + 40 * 36
        self.drop = nn.Dropout(drop)
        self.first, self.second = nn.Linear(size, HIDDEN), nn.Linear(HIDDEN, HIDDEN)
        self.out, self.straight = nn.Linear(HIDDEN, codes), nn.Linear(size, codes)
        for layer in (self.out, self.straight):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, crop: torch.Tensor, fine: torch.Tensor, coarse: torch.Tensor, marks: torch.Tensor
    ) -> torch.Tensor:
        """(N, codes) of crop (N, 96, 96, 3) uint8, fine (N, 128, 8, 8), coarse (N, 128, 4, 4), marks (N, 1489)."""
        picture = crop.permute(0, 3, 1, 2).float() / 255
        if self.training:  # colours and exposure beyond those of the samples
            count = len(picture)
            picture = picture * (1 + 0.12 * torch.randn(count, 3, 1, 1) + 0.2 * torch.randn(count, 1, 1, 1))
            picture = picture + 0.05 * torch.randn(count, 1, 1, 1)
        middle = picture[:, :, MIDDLE, MIDDLE]
        level = middle.mean((2, 3), keepdim=True)
        contrast = (middle - level).square().mean((1, 2, 3), keepdim=True).sqrt() + 0.03
        parts = [(marks - self.marks_mean) / self.marks_spread]
        parts += [torch.relu(self.fine((fine - self.fine_mean) / self.fine_spread)).flatten(1)]
        parts += [torch.relu(self.coarse((coarse - self.coarse_mean) / self.coarse_spread)).flatten(1)]
        parts += [torch.relu(self.looks((picture - level) / contrast)).flatten(1)]
        known = torch.cat(parts, dim=1)
        hidden = functional.gelu(self.first(self.drop(known)))
        hidden = functional.gelu(self.second(self.drop(hidden)))
        return self.out(hidden) + self.straight(self.drop(known))


def _layer(before: int, after: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU(inplace=True))
