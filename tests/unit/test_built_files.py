"""Names of built files follow the build."""

import json

from app.web.look.assets import Manifest


def test_a_new_build_is_noticed_without_a_restart(tmp_path):
    path = tmp_path / "manifest.json"
    manifest = Manifest(path)
    assert manifest.address("shop.css") == "/assets/shop.css"
    path.write_text(json.dumps({"shop.css": "shop.1a2b.css"}))
    manifest.looked = 0.0
    assert manifest.address("shop.css") == "/assets/shop.1a2b.css"
