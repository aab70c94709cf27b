"""folder:// keeps messages in text files: whole, in order, and nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.delivery import DeliveryOutcome
from notices.channels import send
from notices.channels.folder import append
from notices.message import Message

ROOT = Path(__file__).parents[2]


def test_a_message_is_appended_with_the_time_it_was_written(
    tmp_path: Path, message: Message
) -> None:
    folder = tmp_path / "messages"
    for _ in range(2):
        assert send("folder://bob", message, folder=folder).outcome is DeliveryOutcome.SENT
    text = (folder / "bob.txt").read_text(encoding="utf-8")
    assert text.startswith(f"[2026-09-29 09:00:00 +0800] {message.subject}\n{message.body}\n\n")
    assert text.count(message.subject) == 2


def test_a_chinese_name_is_a_file_of_that_name(tmp_path: Path, message: Message) -> None:
    send("folder://城管局", message, folder=tmp_path)
    assert (tmp_path / "城管局.txt").exists()


def test_no_name_leads_out_of_the_folder(tmp_path: Path, message: Message) -> None:
    folder = tmp_path / "messages"
    for name in ("..%2Fout", "../out", "%2Ftmp%2Fout", ".out", "a/../../out", "..", "a\\..\\out"):
        answer = send(f"folder://{name}", message, folder=folder)
        assert answer.outcome is DeliveryOutcome.PERMANENT
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_nothing_is_written_and_that_is_said(message: Message) -> None:
    answer = send("folder://bob", message)
    assert answer.outcome is DeliveryOutcome.PERMANENT
    assert "文件夹" in answer.answer


def test_a_folder_that_cannot_be_written_may_be_writable_later(
    tmp_path: Path, message: Message
) -> None:
    (tmp_path / "messages").write_text("a file where the folder should be")
    answer = send("folder://bob", message, folder=tmp_path / "messages")
    assert answer.outcome is DeliveryOutcome.TEMPORARY
    assert str(tmp_path) not in answer.answer


# A process that writes in small pieces, slowly, as a full or distant disk would make it.
WRITER = """
import os, sys, time
from pathlib import Path
from notices.channels.folder import append

write = os.write

def piecemeal(handle, data):
    time.sleep(0.0005)
    return write(handle, data[:999])

print("ready", flush=True)
sys.stdin.readline()
os.write = piecemeal
for _ in range(20):
    append(Path(sys.argv[1]), sys.argv[2] * 5000 + chr(10))
"""


def test_processes_writing_at_once_do_not_mix_their_messages(tmp_path: Path) -> None:
    path = tmp_path / "bob.txt"
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), mark],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for mark in "abc"
    ]
    for run in runs:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("go\n")
        run.stdin.flush()
    for run in runs:
        run.communicate(timeout=30)
    lines = path.read_text().splitlines()
    assert len(lines) == 60
    assert all(line == line[0] * 5000 for line in lines)


def test_a_message_that_could_not_be_written_whole_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bob.txt"
    append(path, "first\n")
    write = os.write
    calls: list[bytes] = []

    def full_after_three(handle: int, data: bytes) -> int:
        calls.append(data)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(handle, data[:3])

    monkeypatch.setattr(os, "write", full_after_three)
    with pytest.raises(OSError, match="No space"):
        append(path, "second\n")
    assert path.read_text() == "first\n"
