"""A helpline for each test, over an emptied store."""

import pytest

from hotline.store import Store
from tests.usecases.parts import Helpline


@pytest.fixture
def helpline(store: Store) -> Helpline:
    return Helpline(store)
