from .backbones import applications as applications
from .backbones import check_backbone as check_backbone
from .backbones import convnet as convnet
from .classifier import MIXERS as MIXERS
from .classifier import build_classifier as build_classifier
from .classifier import fit_standardization as fit_standardization
from .options import Training as Training
