"""Load an avatar in met4citizen's TalkingHead, unmodified, in headless Chromium, and let it say our curves.

    python bench/talkinghead.py me.glb talk.json 1.2 2.0 3.5 -o pictures/

Needs chromium and npm; the first run fetches the package into the folder. Writes a picture for each instant
(seconds) and prints what was found.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

PACKAGE = "@met4citizen/talkinghead@1.7.0"
WAIT = 20  # seconds until the picture is taken: on a processor alone, a frame takes a fifth of a second
PAGE = """<!doctype html><style>body{margin:0}#view{width:600px;height:600px;background:#667}</style>
<script type="importmap">{"imports": {"three": "/THREE/build/three.module.js",
"three/addons/": "/THREE/examples/jsm/", "talkinghead": "/node_modules/@met4citizen/talkinghead/modules/talkinghead.mjs"}}</script>
<div id="view"></div><pre id="found"></pre><img src="/wait"><script type="module">
import { TalkingHead } from 'talkinghead';
const say = (text) => { document.getElementById('found').textContent = JSON.stringify(text); };
try {
  const head = new TalkingHead(document.getElementById('view'), { ttsEndpoint: 'N/A', lipsyncModules: [], cameraView: 'head' });
  await head.showAvatar({ url: '/avatar.glb', body: 'F', avatarMood: 'neutral' });
  const talk = await (await fetch('/talk.json')).json();
  const [count, per] = talk.fps.split('/').map(Number), seconds = Number(new URLSearchParams(location.search).get('at'));
  const frame = talk.frames[Math.round(seconds * count / per)], vs = {};  // held still: what a picture needs
  talk.names.forEach((name, i) => { if (!name.startsWith('eyeLook')) vs[name] = [frame[i], frame[i]]; });
  head.speakAudio({ anim: { name: 'talk', dt: [200, 20000], vs } }, { isRaw: true });
  const meshes = head.morphs.length, shapes = Object.keys(head.mtAvatar).length;
  setTimeout(() => say({ meshes, shapes, jawOpen: head.mtAvatar.jawOpen.applied, asked: vs.jawOpen[0] }), 3000);
} catch (error) { say(String(error.stack || error)); }
</script>"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("avatar", type=Path, help=".glb of dxtalker")
    parser.add_argument("talk", type=Path, help=".json of dxtalker speak")
    parser.add_argument("seconds", type=float, nargs="+", help="instants to show")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="folder for pictures and the package"
    )
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    npm = shutil.which("npm")
    if chromium is None or npm is None:
        sys.exit("chromium or npm is not installed; nothing was tried")
    asked.output.mkdir(parents=True, exist_ok=True)
    if not (asked.output / "node_modules").is_dir():
        subprocess.run([npm, "install", "--silent", "--prefix", str(asked.output), PACKAGE], check=True)
    three = next(asked.output.glob("node_modules/**/three/build/three.module.js")).parents[1]
    page = PAGE.replace("THREE", str(three.relative_to(asked.output)))
    (asked.output / "index.html").write_text(page, encoding="utf-8")
    shutil.copy(asked.avatar, asked.output / "avatar.glb")
    shutil.copy(asked.talk, asked.output / "talk.json")
    handler = functools.partial(Quiet, directory=str(asked.output))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for at in asked.seconds:
            print(at, shoot(chromium, f"http://127.0.0.1:{server.server_port}/?at={at}", asked.output, at))
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; a picture that never comes keeps Chromium from shooting before the head has spoken."""

    def do_GET(self) -> None:
        if self.path == "/wait":
            time.sleep(WAIT)
            self.send_error(404)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


def shoot(chromium: str, address: str, folder: Path, at: float) -> object:
    """One picture; returns what the page found."""
    command = [
        chromium, "--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
        "--autoplay-policy=no-user-gesture-required", "--window-size=600,600",
        f"--screenshot={folder / f'at_{at:g}.png'}", "--dump-dom", address,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    found = done.stdout.partition('<pre id="found">')[2].partition("</pre>")[0]
    return json.loads(found) if found else "the page said nothing: " + done.stderr[-300:]


if __name__ == "__main__":
    main()
