"""Two small real files that every platform accepts: a photo, and a clip of four seconds.

Made for this project out of generated pictures: `photo.jpg` is a 720 x 900 baseline JPEG; `clip.mp4` is
H.264 High, 540 x 960, 30 frames a second, silent AAC-LC, `moov` first, no edit list, and 80 kB with the empty
box at its end (LinkedIn refuses smaller videos).
"""

from pathlib import Path

_HERE = Path(__file__).parent
PHOTO = _HERE / "photo.jpg"
CLIP = _HERE / "clip.mp4"
