"""Reports as mail servers send them, for tests of bounces."""


def bounce(
    message_id: str,
    recipient: str,
    *,
    original: str = "",
    action: str = "failed",
    status: str = "5.1.1",
    returned: str = "text/rfc822-headers",
) -> bytes:
    """A delivery status notification (RFC 3464) about one message."""
    named = f"Original-Recipient: rfc822; {original}\n" if original else ""
    head = f"Message-ID: {message_id}\n" if message_id else ""
    text = f"""From: MAILER-DAEMON@mx.firma.example
To: bounce@schlicht.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.firma.example
Arrival-Date: Thu, 26 Nov 2026 07:00:00 +0000

{named}Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such user

--b
Content-Type: {returned}

From: bestellung@schlicht.example
To: {recipient}
{head}Subject: Order received

--b--
"""
    return text.replace("\n", "\r\n").encode()


COMPLAINT = b"""From: fbl@provider.example
To: bounce@schlicht.example
Subject: FW: Order received
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an e-mail abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1.0
Version: 1
Original-Rcpt-To: <kim@firma.example>

--b
Content-Type: message/rfc822

From: bestellung@schlicht.example
To: kim@firma.example
Message-ID: @ID@
Subject: Order received

Hello

--b--
""".replace(b"\n", b"\r\n")
"""A complaint (RFC 5965) of a provider's feedback loop; @ID@ stands for the Message-ID."""

VACATION = b"""From: kim@firma.example
To: bestellung@schlicht.example
Subject: Out of office: Order received
Auto-Submitted: auto-replied
In-Reply-To: @ID@
References: @ID@
Content-Type: text/plain; charset=utf-8

I am away until Monday. 550 5.1.1 is the number of my room.
""".replace(b"\n", b"\r\n")
"""An out-of-office answer."""
