"""Which image channels carry the phenotype, how sure is that, and which can be dropped?"""

from types import ModuleType

import lazy_loader
import wrapt

__version__ = "0.1.0"

# Nothing is imported before it is used, neither Keras nor what tables and plots need, so that the
# command answers at once.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]


@wrapt.when_imported("keras")
def _register_layers(_: ModuleType) -> None:
    # A saved model finds its layers by their registered names, so they must be registered as soon
    # as Keras is imported, whichever of the two is imported first.
    import keras_dcmix.layers  # noqa: F401
