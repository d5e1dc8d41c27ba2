"""GitLab as a scheduler: a pipeline file, and the commands that make its schedules."""

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

FILE = ".gitlab-ci.yml"
TOKEN = "NUMERI_ISSUE_TOKEN"  # noqa: S105 - the name of a variable
_PACKAGE = "$CI_API_V4_URL/projects/$CI_PROJECT_ID/packages/generic/numeri/models"
_DOWNLOADED = (
    f"mkdir -p {FOLDER}",
    "while read -r _ name; do",
    '  curl --fail --silent --show-error --location --header "JOB-TOKEN: $CI_JOB_TOKEN" \\',
    f'    --output "{FOLDER}/$name" "{_PACKAGE}/$name"',
    f"done < {DIGESTS}",
)
_ISSUE = (
    f'if [ "$CI_JOB_STATUS" = failed ] && [ -n "${{{TOKEN}:-}}" ]; then',
    '  issues="$CI_API_V4_URL/projects/$CI_PROJECT_ID/issues"',
    '  title="numeri: a round needs you"',
    f'  open=$(curl --fail --silent --get --header "PRIVATE-TOKEN: ${TOKEN}" \\',
    '    --data-urlencode "search=$title" --data "state=opened&in=title" "$issues")',
    '  if [ "$open" = "[]" ]; then',
    f'    curl --fail --silent --output /dev/null --header "PRIVATE-TOKEN: ${TOKEN}" \\',
    '      --data-urlencode "title=$title" \\',
    '      --data-urlencode "description=What happened: $CI_JOB_URL" "$issues"',
    "  fi",
    "fi",
)


@dataclass(frozen=True, slots=True)
class GitlabScheduler:
    """Shows a pipeline; numeri has no access to anybody's project."""

    name: ClassVar[str] = "gitlab"

    def lay_out(self, job: Job) -> Layout:
        """The pipeline; its starts are made in the project and are UTC."""
        upload = (
            'curl --header "PRIVATE-TOKEN: TOKEN" --upload-file FILE'
            " https://gitlab.com/api/v4/projects/PROJECT-ID/packages/generic/numeri/models/FILE"
        )
        return Layout(
            files=(ScheduleFile(FILE, "\n".join(_pipeline(job)) + "\n"),),
            advice=f"commit it as {FILE}, with numeri.toml and {DIGESTS}, to a private project",
            notes=(
                HOW_A_RELEASE_IS_MADE,
                f"each of its files, as a package of the project: `{upload}`",
                *(
                    f'`glab schedule create --cron "{fields}" --cronTimeZone UTC --ref main'
                    f" --description numeri{place}`"
                    for place, fields in enumerate(start_times(job), start=1)
                ),
                (
                    "the keys, which the file only names: masked variables of the project"
                    f" (Settings > CI/CD), {' and '.join(KEY_NAMES)}"
                ),
                (
                    f"for an issue where a start fails, {TOKEN}: a token of the project with the"
                    f" scope api; without it GitLab's own mail tells you"
                ),
                (
                    f"what it costs: {month_of_minutes(job)}; gitlab.com gives a free account 400"
                    f" minutes a month, a runner of your own costs none"
                ),
                (
                    "gitlab.com looks for due schedules every few minutes and starts them then,"
                    " later where its runners are busy: so there are several starts, and each waits"
                ),
            ),
            moments=early_moments(job.moments),
            elsewhere=True,
        )

    def show(self, schedule: Schedule) -> ScheduleStatus:
        """Where the file belongs; nobody looks whether it is there."""
        where = f"{FILE} in a private project"
        return ScheduleStatus(schedule=schedule, state="unknown", where=where)


def _pipeline(job: Job) -> list[str]:
    return [
        f"# {title(job, 'gitlab')}",
        "numeri:",
        "  image: python:3.12  # not slim: LightGBM needs libgomp1",
        "  rules:",
        '    - if: $CI_PIPELINE_SOURCE == "schedule" || $CI_PIPELINE_SOURCE == "web"',
        "  resource_group: numeri  # one start at a time",
        "  timeout: 2h",
        "  variables:",
        "    NUMERI_HOME: $CI_PROJECT_DIR/home",
        "  cache:  # the live file, which is the same all day",
        "    key: numeri-live",
        "    paths: [home/data/datasets]",
        "    when: always",
        "  script:",
        "    - |",
        *indented(("set -eu", *_DOWNLOADED, *checked_and_installed()), 6),
        '      PATH="$PWD/.venv/bin:$PATH"',
        *indented(bring_in_and_run(job), 6),
        "  after_script:",
        "    - |",
        *indented(_ISSUE, 6),
    ]
