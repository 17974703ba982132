"""A hub on this machine that has one model: its revision, its tree and its files, from any byte on."""
import hashlib
import http.server
import json
import pathlib
import threading

COMMIT = "ab" * 20


class Hub:
    def __init__(self, model):
        files = {str(file.relative_to(model)): file.read_bytes() for file in sorted(pathlib.Path(model).rglob("*")) if file.is_file()}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, headers, body = answer(self.path, self.headers.get("Range"), files)
                self.send_response(status)
                for key, value in {**headers, "Content-Length": len(body)}.items():
                    self.send_header(key, value)
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass  # The program was ended.

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"


def entry(name, data):
    blob = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
    if not name.endswith(".safetensors"):
        return dict(type="file", path=name, size=len(data), oid=blob)
    return dict(type="file", path=name, size=len(data), oid="0" * 40, lfs=dict(oid=hashlib.sha256(data).hexdigest(), size=len(data)))


def answer(path, asked, files):
    if "/revision/" in path:
        return 200, {}, json.dumps(dict(sha=COMMIT, gated=False)).encode()
    if "/tree/" in path:
        return 200, {}, json.dumps([entry(name, data) for name, data in files.items()]).encode()
    name = path.split(f"/resolve/{COMMIT}/")[-1]
    if name not in files:
        return 404, {}, b""
    data = files[name]
    start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
    if start:
        return 206, {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, data[start:]
    return 200, {}, data
