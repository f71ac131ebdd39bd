"""Importance methods, one a file; each returns a `ChannelImportance`."""

from keras_dcmix.importance.attention_gates import attention_gates as attention_gates
from keras_dcmix.importance.deletion_insertion import curves_along as curves_along
from keras_dcmix.importance.deletion_insertion import deletion_insertion as deletion_insertion
from keras_dcmix.importance.integrated_gradients import integrated_gradients as integrated_gradients
from keras_dcmix.importance.mixing_weights import mixing_weights as mixing_weights
from keras_dcmix.importance.occlusion import occlusion as occlusion
from keras_dcmix.importance.per_class import per_class as per_class
from keras_dcmix.importance.permutation import permutation as permutation
from keras_dcmix.importance.retraining import leave_one_out as leave_one_out
from keras_dcmix.importance.retraining import single_channel as single_channel
from keras_dcmix.importance.subset_scores import subset_scores as subset_scores
