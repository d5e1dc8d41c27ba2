"""Where things lie under the root of a practice tournament."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from numeri_cli.files import remove_abandoned


@dataclass(frozen=True)
class Folders:
    """The paths of one tournament; nothing is made by naming them."""

    root: Path

    @property
    def world(self) -> Path:
        """The market and its published files."""
        return self.root / "world"

    @property
    def database(self) -> Path:
        """Everything that happens to participants."""
        return self.root / "tournament.sqlite"

    @property
    def keys(self) -> Path:
        """The participant's key and the server's own secret; readable by the owner only."""
        return self.root / "keys.json"

    @property
    def lock(self) -> Path:
        """Held by whoever makes, advances or removes it; beside the root, which may go."""
        return self.root.with_name(f".{self.root.name}.lock")

    @property
    def uploads(self) -> Path:
        """Files as they were PUT, by the name handed out."""
        return self.root / "uploads"

    @property
    def submissions(self) -> Path:
        """Submissions as they were when they were made."""
        return self.root / "submissions"

    @property
    def hosted(self) -> Path:
        """Uploaded models as they were when they were created."""
        return self.root / "hosted"

    @property
    def scores(self) -> Path:
        """Daily scores, one array a round; may be deleted at any time."""
        return self.root / "scores"

    def tidy(self) -> None:
        """Remove what killed processes were writing for participants."""
        for folder in (self.uploads, self.submissions, self.scores):
            remove_abandoned(folder)

    def submission(self, submission_id: str, filename: str) -> Path:
        """A submission's own copy, which later PUTs do not change."""
        return self.submissions / f"{submission_id}{Path(filename).suffix}"

    def hosted_model(self, hosted_id: str) -> Path:
        """An uploaded model's own copy, which later PUTs do not change."""
        return self.hosted / f"{hosted_id}.pkl"
