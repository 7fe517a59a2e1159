"""The words of the card page in the language that its session asks for: English, and German for `de`."""

from collections.abc import Callable

GERMAN = {
    "test payment": "Testzahlung",
    "Test page.": "Testseite.",
    "No real card, no real money. Only the listed test cards work.": (
        "Keine echte Karte, kein echtes Geld. Es gehen nur die aufgeführten Testkarten."
    ),
    "Pay": "Bezahlen",
    "E-mail": "E-Mail",
    "Card number": "Kartennummer",
    "Expiry (MM / YY)": "Gültig bis (MM / JJ)",
    "MM / YY": "MM / JJ",
    "Security code": "Prüfziffer",
    "Name on card": "Name auf der Karte",
    "Cancel": "Abbrechen",
    "Test cards": "Testkarten",
    "Choose one to fill in the form.": "Wählen Sie eine aus, dann ist das Formular ausgefüllt.",
    "Your test bank asks: did you order this payment of {amount}?": (
        "Ihre Testbank fragt: Haben Sie diese Zahlung über {amount} veranlasst?"
    ),
    "Complete": "Bestätigen",
    "Fail": "Ablehnen",
    "Back to the shop": "Zurück zum Shop",
    "No such payment": "Diese Zahlung gibt es nicht",
    "Nothing to authenticate": "Hier ist nichts zu bestätigen",
    "This payment is complete": "Diese Zahlung ist abgeschlossen",
    "This payment page has expired": "Diese Zahlungsseite ist abgelaufen",
    "Enter the cardholder's name.": "Geben Sie den Namen des Karteninhabers ein.",
    "Enter your e-mail address.": "Geben Sie Ihre E-Mail-Adresse ein.",
    "Your card was declined.": "Ihre Karte wurde abgelehnt.",
    "Your card has insufficient funds.": "Ihre Karte ist nicht ausreichend gedeckt.",
    "Your card has expired.": "Ihre Karte ist abgelaufen.",
    "Your card's security code is incorrect.": "Die Prüfziffer Ihrer Karte ist falsch.",
    "An error occurred while processing your card. Try again in a little bit.": (
        "Bei der Verarbeitung Ihrer Karte ist ein Fehler aufgetreten. Versuchen Sie es gleich noch einmal."
    ),
    "Your card was declined. This transaction requires authentication.": (
        "Ihre Karte wurde abgelehnt. Diese Zahlung muss bestätigt werden."
    ),
    "The provided PaymentMethod has failed authentication.": "Die Zahlung wurde bei der Bank nicht bestätigt.",
    "Your card number is invalid.": "Die Kartennummer ist ungültig.",
    "Your card was declined. This page takes only the listed test cards.": (
        "Ihre Karte wurde abgelehnt. Diese Seite nimmt nur die aufgeführten Testkarten."
    ),
    "Your card's expiration date is incomplete.": "Das Ablaufdatum Ihrer Karte ist unvollständig.",
    "Your card's expiration date is invalid.": "Das Ablaufdatum Ihrer Karte ist ungültig.",
    "Your card's expiration date is in the past.": (
        "Das Ablaufdatum Ihrer Karte liegt in der Vergangenheit."
    ),
    "Your card's security code is incomplete.": "Die Prüfziffer Ihrer Karte ist unvollständig.",
    "Visa: succeeds": "Visa: geht durch",
    "Mastercard: succeeds": "Mastercard: geht durch",
    "American Express: succeeds": "American Express: geht durch",
    "Visa debit: succeeds": "Visa Debit: geht durch",
    "Mastercard prepaid: succeeds unless prepaid cards are blocked": (
        "Mastercard Prepaid: geht durch, wenn Prepaid-Karten nicht gesperrt sind"
    ),
    "3-D Secure on each payment": "3-D Secure bei jeder Zahlung",
    "3-D Secure unless the card was set up before": "3-D Secure, wenn die Karte nicht schon hinterlegt ist",
    "3-D Secure, then insufficient funds": "3-D Secure, dann nicht gedeckt",
    "Declined": "Abgelehnt",
    "Declined: insufficient funds": "Abgelehnt: nicht gedeckt",
    "Declined: stolen card": "Abgelehnt: gestohlene Karte",
    "Declined: expired card": "Abgelehnt: abgelaufene Karte",
    "Declined: wrong security code": "Abgelehnt: falsche Prüfziffer",
    "Declined: processing error": "Abgelehnt: Fehler bei der Verarbeitung",
    "Blocked as fraud": "Als Betrug gesperrt",
    "Can be saved, each charge is declined": "Kann hinterlegt werden, jede Abbuchung wird abgelehnt",
    "Succeeds, then disputed": "Geht durch, wird dann zurückgebucht",
    "Succeeds, then an inquiry": "Geht durch, dann fragt die Bank nach",
    "Succeeds, then an early fraud warning": "Geht durch, dann warnt die Bank vor Betrug",
}


def language_of(locale: object) -> str:
    """`de` for a session that asks for German, else `en`."""
    return "de" if locale == "de" else "en"


def speaker(language: str) -> Callable[[str], str]:
    """Says an English sentence in a language; what has no translation stays English."""
    return (lambda text: GERMAN.get(text, text)) if language == "de" else (lambda text: text)


def money(cents: int, language: str) -> str:
    """An amount in euros as people of the language write it."""
    text = f"{cents / 100:,.2f}"
    return (
        f"{text.translate(str.maketrans(',.', '.,'))}\N{NO-BREAK SPACE}€" if language == "de" else f"€{text}"
    )
