"""Spark's jars: fetched once from Maven Central, checked against pinned SHA-256 sums, offline afterwards.

`python -m pipelines.jars` fetches the laptop's; with `s3`, `gs` or `abfss` behind it, those of an embedded
session on a lake there. Managed Spark brings its own (the Platform's `spark.packages`). Ivy, which comes with Spark, does the fetching, and
Maven where Ivy fails and Maven is there (it knows the mirrors in a user's settings). Leaves out
dependencies of the jars: each one named here is self-contained, and a jar without a line in
`jars.lock` is refused.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from landfall.errors import LandfallError, MissingTool, UsageError
from landfall.local import ICEBERG_JAR, SQLITE_JAR
from landfall.platform import Platform
from landfall.project import environment, find_project

LOCK = Path(__file__).with_name("jars.lock")
COMMAND = "python -m pipelines.jars"
# The bundles hold the cloud's own client; Iceberg's code for it is in the runtime. The newest of each
# that Maven Central gave on 2026-11-27: it had no 1.12.0 of the last two.
BUNDLES = {
    "org.apache.iceberg.aws.s3.S3FileIO": ("s3", "org.apache.iceberg:iceberg-aws-bundle:1.12.0"),
    "org.apache.iceberg.gcp.gcs.GCSFileIO": ("gs", "org.apache.iceberg:iceberg-gcp-bundle:1.11.0"),
    "org.apache.iceberg.azure.adlsv2.ADLSFileIO": (
        "abfss", "org.apache.iceberg:iceberg-azure-bundle:1.10.0",
    ),
}  # fmt: skip
"""The catalog's `io-impl` → scheme and jar that it needs besides Iceberg's runtime."""
_JAVA = (17, 21)
_TIMEOUT = 600


def embedded_jars(platform: Platform) -> list[str]:
    """The coordinates that an embedded session needs on this Platform's catalog and store."""
    if platform.spark.kind == "embedded":
        return platform.spark.packages
    io = platform.catalog.spark.get("io-impl", "")
    if io not in BUNDLES:
        raise UsageError(
            f"An embedded session does not know the catalog's io-impl '{io}'.",
            fix=f"It knows: {', '.join(BUNDLES)}.",
        )
    return [ICEBERG_JAR, BUNDLES[io][1]]


def command(packages: list[str]) -> str:
    """What fetches these jars."""
    wanted = [scheme for scheme, jar in BUNDLES.values() if jar in packages]
    return " ".join([COMMAND, *wanted])


def lock() -> dict[str, str]:
    """The pinned sums: `group:artifact:version` to the jar's SHA-256, in hex."""
    lines = (line.split("#")[0].split() for line in LOCK.read_text(encoding="utf-8").splitlines())
    return {parts[1]: parts[0] for parts in lines if parts}


def jar_name(coordinate: str) -> str:
    """The file of a coordinate: `org.xerial:sqlite-jdbc:3.50.3.0` is `sqlite-jdbc-3.50.3.0.jar`."""
    _, artifact, version = coordinate.split(":")
    return f"{artifact}-{version}.jar"


def _pinned(coordinate: str) -> str:
    sums = lock()
    if coordinate not in sums:
        raise UsageError(
            f"The jar {coordinate} is not pinned.",
            so="Landfall loads no code whose checksum it does not know.",
            fix=f"Add a line '<sha256> {coordinate}' to {LOCK}.",
        )
    return sums[coordinate]


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _whole(path: Path, coordinate: str) -> bool:
    return path.is_file() and _digest(path) == _pinned(coordinate)


def local_jars(packages: list[str], cache_dir: Path) -> list[Path]:
    """The cached jars of these coordinates; raises MissingTool where one is absent or damaged."""
    paths = []
    for coordinate in packages:
        path = cache_dir / "jars" / jar_name(coordinate)
        if not _whole(path, coordinate):
            state = "is damaged (its checksum differs)" if path.exists() else "is not there yet"
            raise MissingTool(
                f"Spark's jar {path} {state}.",
                so="Spark cannot open the lake without it.",
                fix=f"Fetch it (once, needs the network): {command(packages)}",
            )
        paths.append(path)
    return paths


def fetch_jars(packages: list[str], cache_dir: Path) -> list[Path]:
    """Fetch what is missing or damaged, say so on stderr, and give every jar's path.

    Raises MissingTool without Java, LandfallError where a jar cannot be had or has another sum.
    """
    folder = cache_dir / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    for number, coordinate in enumerate(packages, 1):
        target = folder / jar_name(coordinate)
        wanted = _pinned(coordinate)
        if _whole(target, coordinate):
            continue
        print(f"jar {number}/{len(packages)}: fetching {coordinate} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as work:
            fetched = _fetch(coordinate, Path(work))
            found = _digest(fetched)
            if found != wanted:
                raise LandfallError(
                    f"{coordinate} arrived with SHA-256 {found}, but {wanted} is pinned.",
                    so="It was thrown away; nothing was loaded.",
                    fix="Try again; if it stays so, the mirror in use serves another file.",
                )
            size = fetched.stat().st_size
            fetched.replace(target)
        print(f"jar {number}/{len(packages)}: {size / 1e6:.0f} MB, checked", file=sys.stderr)
    return local_jars(packages, cache_dir)


def _fetch(coordinate: str, work: Path) -> Path:
    said = ""
    for tool in (_by_ivy, _by_maven):
        command = tool(coordinate, work)
        if not command:
            continue
        try:
            done = subprocess.run(
                command, cwd=work, capture_output=True, text=True, timeout=_TIMEOUT, check=False
            )
            said = done.stdout[-2000:] + done.stderr[-2000:]
        except subprocess.TimeoutExpired:
            said = f"no answer within {_TIMEOUT} s"
        found = work / jar_name(coordinate)
        if found.is_file():
            return found
    raise LandfallError(
        f"{coordinate} could not be fetched from Maven Central: {_last_line(said)}",
        so="Spark cannot open the lake without it.",
        fix=f"Check the network (or the mirror in Maven's settings), then: {COMMAND}",
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "unresolved" in line.lower()]
    return (errors or lines or ["it gave no reason"])[-1]


def _by_ivy(coordinate: str, work: Path) -> list[str]:
    import pyspark

    group, artifact, version = coordinate.split(":")
    ivy = sorted((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
    if not ivy:
        return []
    # The whole pattern is absolute: Ivy would otherwise leave files beside the caller.
    pattern = f"{work}/[artifact]-[revision].[ext]"
    return [
        str(find_java()), "-cp", str(ivy[-1]), "org.apache.ivy.Main", "-warn", "-cache",
        str(work / "ivy"), "-dependency", group, artifact, version, "-notransitive",
        "-types", "jar", "-retrieve", pattern,
    ]  # fmt: skip


def _by_maven(coordinate: str, work: Path) -> list[str]:
    maven = shutil.which("mvn")
    if not maven:
        return []
    return [
        maven, "-B", "-q", "dependency:copy", f"-Dartifact={coordinate}", f"-DoutputDirectory={work}",
    ]  # fmt: skip


def find_java() -> Path:
    """The Java that Spark will use (JAVA_HOME first); raises MissingTool with the command to get one."""
    home = environment("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    fix = "Install one: sudo apt-get install -y openjdk-17-jre-headless (or set JAVA_HOME to it)."
    if not found or not Path(found).is_file():
        where = f"JAVA_HOME={home} holds no bin/java" if home else "there is no java on the PATH"
        raise MissingTool(f"Spark needs Java 17 or 21, but {where}.", fix=fix)
    version = java_version(Path(found))
    if version not in _JAVA:
        raise MissingTool(f"Spark needs Java 17 or 21, but {found} is Java {version}.", fix=fix)
    return Path(found)


def java_version(java: Path) -> int:
    """The major version of a Java (0 where it does not say), from its `release` file where it has one."""
    release = java.resolve().parent.parent / "release"
    # Reading the file saves the third of a second that starting Java takes.
    if release.is_file():
        for line in release.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("JAVA_VERSION="):
                return _major(line.split("=")[1].strip('"'))
    try:
        done = subprocess.run(
            [str(java), "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return _major(done.stderr.partition('"')[2].partition('"')[0])


def _major(text: str) -> int:
    first, _, rest = text.partition(".")
    number = rest.partition(".")[0] if first == "1" else first.partition("-")[0]
    return int(number) if number.isdigit() else 0


def main(schemes: list[str]) -> int:
    """Fetch the local Platform's jars into the project's cache, or those of a store."""
    known = dict(BUNDLES.values())
    try:
        if unknown := [one for one in schemes if one not in known]:
            raise UsageError(f"'{unknown[0]}' is no store.", fix=f"Name {', '.join(known)}.")
        wanted = [known[one] for one in schemes] or [SQLITE_JAR]
        cache_dir = find_project().cache_dir
        paths = fetch_jars([ICEBERG_JAR, *wanted], cache_dir)
    except LandfallError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print("\n".join(str(path) for path in paths))
    if not schemes:
        _keep_classes(paths, cache_dir)
    return 0


def _keep_classes(jars: list[Path], cache_dir: Path) -> None:
    """Spark is quicker with them, and works without."""
    from pipelines.class_archive import ready

    try:
        ready(jars, cache_dir)
    except LandfallError as error:
        print(f"warning: {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
