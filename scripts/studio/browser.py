#!/usr/bin/env python3
"""Uses `lethe studio` as a person does, in a headless Chromium: erase, switch an eraser, compare, stop a job.

    scripts/studio/browser.py [PROGRAM]       .build/release/lethe when left out

Every view is looked at in two widths, light and dark: nothing reaches over the edge, text has a contrast of 4.5, controls
have names, no fault is in the browser's log, and nothing is asked of any other server. Screenshots go into runs/studio.
"""
import json, os, shutil, subprocess, sys
from pathlib import Path

import chromium, devtools, look

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "runs" / "studio"
PROGRAM = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".build/release/lethe").resolve()

class Visit:
    def __init__(self, address):
        self.browser = devtools.Browser(*chromium.program(), address)
        self.count = 0

    def open(self, view, ready, words):
        self.browser.value(f"location.hash = {json.dumps(view)}")
        self.browser.until(f"!main_busy() && ({ready})".replace("main_busy()", "document.getElementById('main').hasAttribute('aria-busy')"), words)

    def look(self, name):
        """Screenshots of a view; ends with what is wrong with it."""
        look.faults(self.browser, PLACE, name)
        self.browser.size(1280, 900)

    def fill(self, label, text):
        """Writes into the field with a label, as typed."""
        self.browser.value(f"""(() => {{
          const label = [...document.querySelectorAll("label")].find((one) => one.textContent.trim().startsWith({json.dumps(label)}));
          const input = label.querySelector("input, textarea, select");
          input.focus(); input.select?.(); }})()""")
        self.browser.write(text)

    def pick(self, label, value):
        self.browser.value(f"""(() => {{
          const label = [...document.querySelectorAll("label")].find((one) => one.textContent.trim().startsWith({json.dumps(label)}));
          const select = label.querySelector("select");
          select.value = {json.dumps(value)}; select.dispatchEvent(new Event("change", {{ bubbles: true }})); }})()""")

    def click(self, text, inside="main"):
        self.browser.value(f"""[...document.querySelectorAll({json.dumps(inside + ' button, ' + inside + ' a')})]
          .find((one) => one.textContent.trim() === {json.dumps(text)}).click()""")


def lethe(*arguments):
    subprocess.run([PROGRAM, *arguments, "--quiet"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def erase_and_stop(visit):
    """Two jobs from the form: one that ends, and one that is stopped on the way."""
    browser = visit.browser
    visit.open("#jobs", "document.querySelector('form')", "the form of a job")
    visit.fill("Concepts", "fox")
    visit.click("Start")
    browser.until("document.querySelector('.job[data-state=done]')", "the erasure with UCE ends", 120)
    visit.look("jobs-done")
    visit.pick("Method", "esd")
    visit.fill("Concepts", "cat")
    visit.fill("Options", "training.steps=5000\ntrajectories=1\ntrajectorySteps=2\npreserveTrajectories=1\nguarding.limit=0\ntraining.logEvery=1")
    visit.click("Start")
    browser.until("document.querySelector('.job[data-state=running] svg')?.checkVisibility()", "the loss comes", 120)
    visit.look("jobs-running")
    visit.click("Stop", ".job[data-state=running]")
    browser.until("document.querySelector('.job[data-state=stopped]')", "the job stops", 60)


def walk_the_table(visit):
    """The table by keyboard alone."""
    browser = visit.browser
    visit.open("#runs", "document.querySelectorAll('.runs tbody tr').length >= 3", "the runs")
    visit.look("runs")
    browser.press("/", "/")
    browser.until("document.activeElement.id === 'filter'", "the slash leads to the filter")
    browser.write("uce castle")
    browser.until("document.querySelectorAll('.runs tbody tr').length === 1", "the filter leaves one run")
    browser.press("Escape")
    browser.until("document.querySelectorAll('.runs tbody tr').length >= 3", "Escape clears the filter")
    browser.press("ArrowDown")
    browser.press("End")
    last = browser.value("document.activeElement.dataset.line")
    browser.press("Home")
    assert browser.value("document.activeElement.dataset.line") not in (None, last), "arrows walk through the runs"
    browser.press(" ")
    browser.until("document.querySelectorAll('.runs input:checked').length === 1", "Space marks a run")
    browser.press(" ")
    browser.press("Enter")
    browser.until("location.hash.startsWith('#run=')", "Enter opens the run")
    browser.press("Escape")
    browser.until("location.hash === '#runs'", "Escape leads back")
    visit.open("#run=0%2Fuce-fox", "document.querySelector('iframe')", "the page of a run")
    browser.until("document.querySelector('iframe').contentDocument?.querySelector('h1')", "the page is in its frame")
    visit.look("run")
    visit.click("Pictures")
    browser.until("document.querySelectorAll('.cards figure').length > 3", "the pictures of the run")
    visit.look("pictures")
    visit.click("Attacks")
    browser.until("document.querySelectorAll('.attempt tbody tr').length >= 2", "the transcripts of the attacks")
    visit.look("attacks")


def switch_an_eraser(visit):
    """The erased picture follows the switch and the strength; the original stays."""
    browser = visit.browser
    browser.value("location.hash = '#draw'")
    drawn = "document.querySelector('main [role=status]')?.textContent.startsWith('Drawn in')"
    browser.until(drawn, "two pictures", 120)
    source = "[...document.querySelectorAll('.canvas img')].map((one) => one.src)"
    original, erased = browser.value(source)
    assert original == erased, "without erasers the pictures are one"
    browser.value("document.querySelector('[data-eraser=\"run:0/uce-fox\"]').focus()")
    browser.press(" ")
    browser.until(f"{drawn} && {source}[0] !== {source}[1]", "the eraser changes the picture", 120)
    print("studio:", browser.value("document.querySelector('main [role=status]').textContent"))
    assert browser.value(source)[0] == original, "the original stays"
    visit.look("draw")
    browser.value("document.querySelector('.switch input[type=range]:not(:disabled)').focus()")
    browser.press("Home")
    browser.until(f"{drawn} && {source}[0] === {source}[1]", "at strength 0 it changes nothing", 120)


def compare(visit):
    """Two runs side by side, which scroll and light up together."""
    browser = visit.browser
    visit.open("#compare=a=0%2Fuce-fox&b=0%2Fcastle", "document.querySelectorAll('.pane').length === 2", "two panes")
    counts = browser.value("[...document.querySelectorAll('.pane')].map((pane) => pane.querySelectorAll('figure').length)")
    assert counts[0] == counts[1] > 3, f"as many pictures on both sides: {counts}"
    browser.value("document.querySelectorAll('.pane')[1].querySelector('figure:nth-child(2)').dispatchEvent(new PointerEvent('pointerenter'))")
    same = browser.value("[...document.querySelectorAll('.same')].map((one) => one.dataset.key)")
    assert len(same) == 2 and same[0] == same[1], f"the same prompt and seed light up: {same}"
    browser.value("document.querySelector('.pane').focus()")
    browser.press("ArrowRight")
    browser.until(f"document.querySelectorAll('.same')[1].dataset.key !== {json.dumps(same[0])}", "the arrow goes to the next picture")
    visit.look("compare")
    browser.value("(() => { const pane = document.querySelector('.pane'); pane.dispatchEvent(new PointerEvent('pointerenter')); pane.scrollTop = 200; })()")
    browser.until("document.querySelectorAll('.pane')[1].scrollTop === 200", "the panes scroll together")


class Server:
    """A studio over runs/studio/runs, which has to end with exit code 0."""

    def __init__(self, *options):
        self.process = subprocess.Popen([PROGRAM, "studio", PLACE / "runs", "Models/emoji", "--port", "0", "--json", *options],
                                        cwd=ROOT, stdout=subprocess.PIPE, text=True)
        answer = ""
        while "}" not in answer:
            line = self.process.stdout.readline()
            if not line:
                sys.exit("studio: the server did not start")
            answer += line
        self.address = json.loads(answer)["url"]

    def close(self):
        self.process.terminate()
        if code := self.process.wait(60):
            sys.exit(f"the studio ended with exit code {code}")


def used(use, *options, changed=lambda address: address):
    """Uses a studio in a browser, and looks at the browser's log afterwards."""
    server = Server(*options)
    address = changed(server.address)
    visit = Visit(address)
    try:
        visit.browser.until("document.querySelector('h1')?.textContent === 'Runs'", "the page opens")
        use(visit)
        own = address.split("?")[0]
        strange = [url for url in visit.browser.requests if not url.startswith((own, "data:", f"blob:{own}"))]
        assert not strange, f"asked of others: {strange[:5]}"
        assert not visit.browser.faults, f"the browser's log: {visit.browser.faults[:5]}"
    except BaseException:
        visit.browser.screenshot(PLACE / "failed.png")
        print("the browser's log:", visit.browser.faults[:5], file=sys.stderr)
        raise
    finally:
        visit.browser.close()
        server.close()


def on_this_machine(visit):
    runs = PLACE / "runs"
    visit.look("empty")
    erase_and_stop(visit)
    lethe("erase", "Models/emoji", "--method", "uce", "--concept", "fox", "--replace-with", "castle", "--out", runs / "castle")
    for name in ("uce-fox", "castle"):
        lethe("evaluate", runs / name, "--quick", "--steps", "4")
        if name == "uce-fox":  # one model draws the same originals
            shutil.copytree(runs / name / "original", runs / "castle" / "original")
    lethe("attack", runs / "uce-fox", "--attack", "random", "--limit", "3", "--quick", "--steps", "4", "--set", "random.attempts=2")
    walk_the_table(visit)
    switch_an_eraser(visit)
    compare(visit)


def behind_a_token(visit):
    """Frames and pictures, which can send no token, are there all the same; the address does not keep it."""
    browser = visit.browser
    assert "token" not in browser.value("location.href"), "the address keeps no token"
    visit.open("#run=0%2Fuce-fox", "document.querySelector('iframe')", "the page of a run")
    browser.until("document.querySelector('iframe').contentDocument?.querySelector('h1')", "the page is in its frame")
    visit.click("Pictures")
    browser.until("document.querySelector('.cards img')?.naturalWidth > 0", "a picture of the run")


def main():
    shutil.rmtree(PLACE, ignore_errors=True)
    (PLACE / "runs").mkdir(parents=True)
    used(on_this_machine)
    used(behind_a_token, "--host", "0.0.0.0", changed=lambda address: address.replace("0.0.0.0", "127.0.0.1"))
    print(f"studio: {len(list(PLACE.glob('*.png')))} screenshots in {os.path.relpath(PLACE, ROOT)}")


if __name__ == "__main__":
    main()
