import pytest

from support.stage import Stage


@pytest.fixture(scope="session")
def stage():
    stage = Stage()
    yield stage
    stage.close()


@pytest.fixture(autouse=True)
def no_faults_are_left(stage):
    yield
    stage.bank.forget_faults()


@pytest.fixture
def payments(stage):
    return stage.client.payment()
