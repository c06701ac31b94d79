"""Signing in with a password, for those who set one."""

from __future__ import annotations

from allauth.account.forms import LoginForm


class PasswordForm(LoginForm):  # type: ignore[misc]
    """allauth's form with the password field, although nobody needs a password to sign up.

    Without a password it sends a code by e-mail, as the other form of the page does.
    """

    def _setup_password_field(self) -> None:
        self.fields["password"].required = False
