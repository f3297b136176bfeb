"""English words that carry no answer, and those that turn one round."""

QUESTIONS = frozenset({"who", "whom", "whose", "what", "which", "when", "where", "why", "how"})
NEGATIONS = frozenset(
    {"no", "not", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot"}
)

# Never part of the answer, wherever they stand.
FILLERS = frozenset(
    {"a", "an", "the", "of", "to", "for", "at", "and", "my", "me", "please", "hi", "hello", "hey",
     "hiya", "thanks", "cheers", "just", "some", "um", "uh", "er", "erm", "hmm"}
)  # fmt: skip
OPENINGS = (
    ("can", "you", "tell", "me"),
    ("could", "you", "tell", "me"),
    ("please", "tell", "me"),
    ("tell", "me"),
    ("i", "want", "to", "know"),
    ("i", "would", "like", "to", "know"),
    ("quick", "question"),
    ("quick", "one"),
)
# After a question word these only build the sentence; at its beginning they ask something else.
AUXILIARIES = frozenset({"do", "does", "is", "are", "am", "be"})
ABLE = frozenset({"can", "could", "do", "does", "would"})
BEFORE_I = AUXILIARIES | ABLE | {"if", "that", "should", "did", "will", "have", "when", "and"}

CONTRACTIONS = {
    "can't": "can not", "won't": "will not", "shan't": "shall not", "cannot": "can not",
    "i'm": "i am", "let's": "let us",
}  # fmt: skip
ENDINGS = {
    "n't": " not", "'re": " are", "'ve": " have", "'ll": " will", "'d": " would", "'s": " is",
}  # fmt: skip
POSSESSED_AFTER = frozenset(
    {"what", "where", "when", "who", "how", "why", "which", "it", "that", "there", "here", "he",
     "she"}
)  # fmt: skip

NUMBERS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "hundred": "100",
    "thousand": "1000", "million": "1000000", "once": "1", "twice": "2", "first": "1",
    "second": "2", "third": "3",
}  # fmt: skip

# Pairs of which one turns the other's answer round.
OPPOSITES = (
    ("open", "closed"), ("open", "close"), ("include", "exclude"), ("included", "excluded"),
    ("accept", "decline"), ("accept", "reject"), ("enable", "disable"), ("allow", "forbid"),
    ("allowed", "banned"), ("on", "off"), ("in", "out"), ("up", "down"), ("before", "after"),
    ("buy", "sell"), ("start", "stop"), ("add", "remove"), ("increase", "decrease"),
    ("more", "less"), ("most", "least"), ("max", "min"), ("maximum", "minimum"), ("first", "last"),
    ("highest", "lowest"), ("best", "worst"), ("safe", "unsafe"), ("eat", "avoid"),
    ("lock", "unlock"), ("subscribe", "unsubscribe"), ("install", "uninstall"), ("win", "lose"),
    ("deposit", "withdraw"), ("deposit", "withdrawal"), ("send", "receive"), ("pass", "fail"),
    ("with", "without"), ("always", "never"), ("join", "leave"), ("credit", "debit"),
    ("upgrade", "downgrade"), ("import", "export"), ("encrypt", "decrypt"), ("show", "hide"),
    ("old", "new"), ("early", "late"), ("legal", "illegal"), ("possible", "impossible"),
)  # fmt: skip
