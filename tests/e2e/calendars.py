"""A calendar's server that tests are written with: gives what it was told to, knows its ETag, and is away when it is told to."""
import http.server
import threading


def event(summary, begin, end, uid=None, more=""):
    return (f"BEGIN:VEVENT\r\nUID:{uid or summary + begin}\r\nSUMMARY:{summary}\r\nDTSTART:{begin}\r\nDTEND:{end}\r\n{more}END:VEVENT\r\n")


def calendar(*events):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//acme//rota//EN\r\n" + "".join(events) + "END:VCALENDAR\r\n"


class Calendar:
    """On 127.0.0.1. `text` is the calendar; `status` what is answered when it is not 200; `asked` the statuses of all answers."""

    def __init__(self, text):
        self.text, self.status, self.asked = text, 200, []
        self.moved = None
        mine = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                raw = mine.text.encode()
                tag = f'"{hash(mine.text)}"'
                status = mine.status
                headers = {}
                if self.path.startswith("/moved"):
                    status, headers, raw = 302, {"Location": mine.moved}, b""
                elif status != 200:
                    raw = b"away"
                elif self.headers.get("If-None-Match") == tag:
                    status, raw = 304, b""
                mine.asked.append(status)
                self.send_response(status)
                for name, value in {**headers, "ETag": tag, "Content-Type": "text/calendar; charset=utf-8"}.items():
                    self.send_header(name, value)
                if status != 304:
                    self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                if status != 304:
                    try:
                        self.wfile.write(raw)
                    except OSError:
                        pass  # who asked has heard enough

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
