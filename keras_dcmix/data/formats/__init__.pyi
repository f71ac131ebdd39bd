from .registry import FORMATS as FORMATS
from .registry import detect_format as detect_format
from .registry import open_images as open_images
