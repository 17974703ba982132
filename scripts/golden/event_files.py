"""An event file by TensorBoard's own messages and record writer, read back by its own reader (tensorboard 2.21).

python3 scripts/golden/event_files.py Tests/Fixtures   writes events.tensorboard
python3 scripts/golden/event_files.py --read FOLDER    prints what TensorBoard reads in a folder, e.g. RUN/tensorboard
"""
import pathlib
import sys
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter

# The events of Tests/TrainingTests/TensorBoardFileTests.swift.
EVENTS = [
    (0, {"esd/loss": 0.5, "esd/rate": 1e-5}),
    (7, {"esd/loss": 0.25}),
    (300, {"guard/drift": 3.0, "guard/limit": -1.5}),
]


def read(folder):
    """Steps and values by tag, with nothing thinned out."""
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    accumulator.Reload()
    return {
        tag: [(one.step, one.value) for one in accumulator.Scalars(tag)]
        for tag in sorted(accumulator.Tags()["scalars"])
    }


def write(place):
    with open(place, "wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=1.5, file_version="brain.Event:2").SerializeToString())
        for step, values in EVENTS:
            event = Event(wall_time=1.5, step=step)
            for tag, value in values.items():
                event.summary.value.add(tag=tag, simple_value=value)
            writer.write(event.SerializeToString())
        writer.flush()


if sys.argv[1] == "--read":
    found = read(sys.argv[2])
    for tag, values in found.items():
        print(f"{tag}: {len(values)} values, {values[0]} to {values[-1]}")
    sys.exit(0 if found else "TensorBoard reads no scalars there")
place = pathlib.Path(sys.argv[1]) / "events.tensorboard"
write(place)
with tempfile.TemporaryDirectory() as folder:
    copy = pathlib.Path(folder) / "events.out.tfevents.1"
    copy.write_bytes(place.read_bytes())
    found = read(folder)
expected = {}
for step, values in EVENTS:
    for tag, value in values.items():
        expected.setdefault(tag, []).append((step, value))
assert {t: [(s, round(v, 9)) for s, v in vs] for t, vs in found.items()} == expected, found
print(place, place.stat().st_size)
