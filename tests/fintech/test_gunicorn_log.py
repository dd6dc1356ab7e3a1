"""gunicorn's error log holds no secrets of the URLs that it names."""

import pytest

gunicorn_config = pytest.importorskip("gunicorn.config")


def test_it_is_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    from fintech.gunicorn_log import Logger

    cfg = gunicorn_config.Config()
    cfg.set("errorlog", "-")
    log = Logger(cfg)
    try:
        raise ValueError("password=hunter2\x1b[31m")
    except ValueError:
        log.exception("Error handling request /cards/4111111111111111?token=hush")
    said = capsys.readouterr().err
    assert "[card ****1111]" in said
    assert "Traceback" in said
    for secret in ("411111", "hush", "hunter2", "\x1b"):
        assert secret not in said


def test_the_site_uses_it() -> None:
    from fintech import gunicorn_conf

    assert gunicorn_conf.logger_class == "fintech.gunicorn_log.Logger"
