"""Texts on which shortcuts through Unicode go wrong."""

AWKWARD = [
    "",
    "a",
    "\x00",
    "The states. THE STATES, the states’ funds — “frozen”…",
    "İstanbul ΣΟΦΟΣ ςΣ straße ﬁnance",
    "e\u0301cole naïve résumé co\u0308operate",
    "\u0645\u0643\u0627\u0641\u062d\u0629 الإرهاب \u200fterror\u200e funds",
    "恐怖主义 資金 テロ対策",
    "\ud800 lone surrogate \udfff",
    "tabs\tand\nlines\r\nand\x1cseparators\x85here\u2028there",
    "x_1 _a a_ __ 12 3 4five",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis " + "z" * 24 + " " + "z" * 25,
    "😀 terror 𝒻unds 𐐨𐐀",
    "a b c the a b funds",
]
