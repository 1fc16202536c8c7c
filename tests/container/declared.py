"""What the image says of itself: who it runs as, how it is asked for its health and stopped."""

import json
import sys
from pathlib import Path

WANTED = {
    "User": "10001:10001",
    "StopSignal": "SIGTERM",
    "Entrypoint": ["condorbot"],
    "Cmd": ["run", "--config", "paper"],
}


def main() -> int:
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["Docker"]["config"]
    wrong = [name for name, wanted in WANTED.items() if config.get(name) != wanted]
    if (config.get("Healthcheck") or {}).get("Test") != ["CMD", "condorbot", "health"]:
        wrong.append("Healthcheck")
    print(f"wrong in the image: {', '.join(wrong)}" if wrong else "the image declares what it must")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
