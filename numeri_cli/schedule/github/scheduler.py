"""GitHub Actions as a scheduler: a workflow file for a repository that holds the profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from numeri_cli.schedule.hosted_start import (
    DIGESTS,
    FOLDER,
    HOW_A_RELEASE_IS_MADE,
    KEY_NAMES,
    bring_in_and_run,
    checked_and_installed,
    early_moments,
    indented,
    month_of_minutes,
    start_times,
    title,
)
from numeri_cli.schedule.job import Job, Layout, Schedule, ScheduleFile, ScheduleStatus

FILE = ".github/workflows/numeri.yml"
TAG = "models"
_WHERE = f"{FILE} in a private repository"
_DOWNLOADED = (
    "while read -r _ name; do",
    f'  gh release download "$TAG" --dir {FOLDER} --pattern "$name"',
    f"done < {DIGESTS}",
)
_ISSUE = (
    'title="numeri: a round needs you"',
    'open=$(gh issue list --state open --search "in:title \\"$title\\"" --json number --jq length)',
    'if [ "$open" -eq 0 ]; then',
    '  gh issue create --title "$title" --body \\',
    '    "What happened: $GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"',
    "fi",
)


@dataclass(frozen=True, slots=True)
class GithubScheduler:
    """Shows a workflow; numeri has no access to anybody's repository."""

    name: ClassVar[str] = "github"

    def lay_out(self, job: Job) -> Layout:
        """The workflow; its starts are UTC, whatever the machine's zone."""
        return Layout(
            files=(ScheduleFile(FILE, "\n".join(_workflow(job)) + "\n"),),
            advice=f"commit it as {FILE}, with numeri.toml and {DIGESTS}, to a private repository",
            notes=(
                HOW_A_RELEASE_IS_MADE,
                f"`gh release create {TAG} {FOLDER}/*`, later `gh release upload {TAG} --clobber`",
                (
                    "the keys, which the file only names:"
                    f" {', '.join(f'`gh secret set {key}`' for key in KEY_NAMES)}"
                ),
                (
                    f"what it costs: {month_of_minutes(job)}; a private repository has 2,000"
                    " minutes a month for nothing, a public one shows your models to everybody"
                ),
                (
                    "GitHub's cron is late by minutes, around full hours by up to an hour, and"
                    " now and then leaves one out: there are several, off the full hour; each waits"
                ),
                "in a repository without a commit for 60 days GitHub may stop the schedule",
            ),
            moments=early_moments(job.moments),
            elsewhere=True,
        )

    def show(self, schedule: Schedule) -> ScheduleStatus:
        """Where the file belongs; nobody looks whether it is there."""
        return ScheduleStatus(schedule=schedule, state="unknown", where=_WHERE)


def _workflow(job: Job) -> list[str]:
    return [
        f"# {title(job, 'github')}",
        "name: numeri",
        "on:",
        "  schedule:",
        *(f'    - cron: "{fields}"' for fields in start_times(job)),
        "  workflow_dispatch:",
        "permissions:",
        "  contents: read",
        "  issues: write",
        "concurrency:  # one start at a time, and one that waits for it",
        "  group: numeri",
        "  cancel-in-progress: false",
        "jobs:",
        "  round:",
        "    runs-on: ubuntu-latest",
        "    timeout-minutes: 120",
        "    env:",
        "      NUMERI_HOME: ${{ github.workspace }}/home",
        "      GH_TOKEN: ${{ github.token }}",
        f"      TAG: {TAG}",
        "    steps:",
        "      - uses: actions/checkout@v5",
        "      - name: Bring the release, check every byte of it, install the program",
        "        run: |",
        *indented((*_DOWNLOADED, *checked_and_installed()), 10),
        '          echo "$PWD/.venv/bin" >> "$GITHUB_PATH"',
        "      - uses: actions/cache/restore@v5",
        "        with:",
        *_live_cache(restores=True),
        "      - name: Take part in the round",
        "        env:",
        *(f"          {key}: ${{{{ secrets.{key} }}}}" for key in KEY_NAMES),
        "        run: |",
        *indented(bring_in_and_run(job), 10),
        "      - uses: actions/cache/save@v5",
        "        if: always()",
        "        with:",
        *_live_cache(restores=False),
        "      - name: Open an issue, where none is open",
        "        if: failure()",
        "        run: |",
        *indented(_ISSUE, 10),
    ]


def _live_cache(*, restores: bool) -> list[str]:
    """What is kept from one start to the next: the live file, which is the same all day."""
    return [
        "          path: home/data/datasets",
        "          key: numeri-live-${{ github.run_id }}-${{ github.run_attempt }}",
        *(["          restore-keys: numeri-live-"] if restores else []),
    ]
