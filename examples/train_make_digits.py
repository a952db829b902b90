"""Write the embedded digits (src/bitsapart/train/digits.npz) from scikit-learn's copy.

The pictures are the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, UCI Machine
Learning Repository, https://doi.org/10.24432/C50P49, CC BY 4.0): 1797 pictures of 8 × 8 pixels from 0 to 16. What
digit each one is stands in src/bitsapart/data/examples.

    python examples/train_make_digits.py src/bitsapart/train/digits.npz
"""

import sys

import numpy as np
from sklearn.datasets import load_digits


def main(path: str) -> None:
    """Write the file."""
    digits = load_digits()
    np.savez_compressed(path, images=digits.images.astype(np.uint8))


if __name__ == "__main__":
    main(sys.argv[1])
