"""What a story needs of npm: installed once, into the cache folder of this user."""
import hashlib
import os
import shutil
import subprocess

FILES = ["package.json", "package-lock.json", ".npmrc"]


def installed(here, what):
    """(the folder with node_modules, "") or (None, why not), for the packages that `here` names: a folder for each lock file, in
    HALFMAST_<WHAT>_CACHE or the user's own cache."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None, "node and npm are not both installed"
    total = hashlib.sha256()
    for name in FILES:
        with open(os.path.join(here, name), "rb") as file:
            total.update(file.read())
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = os.environ.get(f"HALFMAST_{what.upper()}_CACHE") or os.path.join(caches, f"halfmast-{what}")
    folder = os.path.join(cache, total.hexdigest()[:12])
    if os.path.exists(os.path.join(folder, ".ready")):
        return folder, ""
    os.makedirs(folder, exist_ok=True)
    for name in FILES:
        shutil.copy(os.path.join(here, name), folder)
    done = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        return None, f"npm cannot install what {os.path.basename(here)} needs: " + done.stderr.strip()[-300:]
    open(os.path.join(folder, ".ready"), "w").close()
    return folder, ""
