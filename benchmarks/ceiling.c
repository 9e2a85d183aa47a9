/* How fast can one thread label sentences by words and pairs of words, exactly? For ASCII text, a sentence a line.

   ceiling MODEL TEXT LABELS REPEATS

   Prints sentences per CPU second, one figure a repeat, and writes the labels, a line a sentence, 0 or 1 per theme.
   Only scoring is timed: from text in memory to labels in memory, hash tables made before.

   MODEL, little-endian, as ceiling.py writes it: uint32 themes, words, pairs and bytes of words; float64 intercepts,
   slopes, offsets and thresholds of the themes, one after the other; float64 idf of the terms, words before pairs;
   float64 coefficients, of each term all themes; uint32, the numbers of both words of each pair; the words, a newline
   behind each. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THEMES = 6, LONGEST = 4096, CHUNK = 8192, BLOCK = 64, MOST = CHUNK + LONGEST + BLOCK, LETTERS = 16, AHEAD = 8 };

/* All that is asked of a term fills one line of the cache; counting is by the sentence, so that nothing is wiped. */
typedef struct {
    double weights[THEMES], squared_idf; /* idf times coefficient, per theme */
    uint32_t met, times;                 /* the sentence that had the term last, and how often so far */
} Term;
typedef struct {
    uint64_t first, second; /* its first 16 letters; a free slot has none */
    uint32_t number, length;
} WordSlot;
typedef struct {
    uint32_t key, number; /* a free slot has the number `none` */
} PairSlot;

static uint32_t themes, none; /* `none` is the number of what is no term, between those of words and of pairs */
static double *intercepts, *slopes, *offsets, *thresholds, gain[LONGEST], gain_of_square[LONGEST];
static Term *terms;
static WordSlot *word_slots;
static PairSlot *pair_slots;
static int word_shift, pair_shift;
static const char **spelt;

/* A chunk of the text: lowered; where words begin and end by turns; its words, and the pairs that begin with each. */
static char lowered[MOST + BLOCK];
static uint32_t edges[MOST + 1], starts[MOST], words[MOST + AHEAD + 1], pairs[MOST], found[LONGEST];

static void fail(const char *why) {
    fprintf(stderr, "ceiling: %s\n", why);
    exit(1);
}

/* Zeros, and a block of them behind, over which words and blocks may be read. */
static void *rows(size_t count, size_t size) {
    void *made = calloc(1, count * size + BLOCK);
    if (!made) fail("out of memory");
    return made;
}

static FILE *opened(const char *path, const char *mode) {
    FILE *file = fopen(path, mode);
    if (!file) fail(path);
    return file;
}

static void *taken(FILE *file, size_t count, size_t size) {
    void *made = rows(count, size);
    if (fread(made, size, count, file) != count) fail("a file ends too early");
    return made;
}

/* Eight letters of a word from `from` on, zeros behind its end. A mask is read instead of asking how long it is. */
static inline uint64_t eight(const char *word, uint32_t length, uint32_t from) {
    static const char masks[2 * LETTERS] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    uint64_t letters, mask;
    memcpy(&letters, word + from, 8);
    memcpy(&mask, masks + LETTERS + from - (length < LETTERS ? length : LETTERS), 8);
    return letters & mask;
}

/* The slot of a word, every letter compared, or the free slot where it would be. */
static inline WordSlot *word_slot(const char *word, uint32_t length) {
    uint64_t first = eight(word, length, 0), second = eight(word, length, 8);
    uint64_t mixed = (first ^ second * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
    for (uint64_t at = mixed >> word_shift;; at = (at + 1) & (UINT64_MAX >> word_shift)) {
        WordSlot *slot = word_slots + at;
        if (!slot->first) return slot;
        if (slot->first == first && slot->second == second && slot->length == length &&
            (length <= LETTERS || !memcmp(spelt[slot->number] + LETTERS, word + LETTERS, length - LETTERS)))
            return slot;
    }
}

/* One integer per pair: `none` and all words below it are at most 65,536 numbers. */
static inline uint32_t pair_key(uint32_t before, uint32_t last) { return before * (none + 1) + last; }

static inline uint64_t pair_place(uint32_t key) { return key * UINT64_C(0x9E3779B97F4A7C15) >> pair_shift; }

/* The slot of a pair, or the free slot where it would be. */
static inline PairSlot *pair_slot(uint32_t key) {
    for (uint64_t at = pair_place(key);; at = (at + 1) & (UINT64_MAX >> pair_shift))
        if (pair_slots[at].key == key || pair_slots[at].number == none) return pair_slots + at;
}

/* Four slots an entry and more, so that most are found where they are first looked for: a branch that is foreseen. */
static int shift_for(uint32_t count) {
    int bits = 4;
    while (UINT64_C(1) << bits < UINT64_C(4) * count) bits++;
    return 64 - bits;
}

static void read_model(FILE *file) {
    uint32_t *header = taken(file, 4, sizeof *header), pair_count = header[2], count = header[1] + pair_count;
    themes = header[0], none = header[1];
    if (themes > THEMES || none > 65535) fail("too many themes or words");
    intercepts = taken(file, themes, 8), slopes = taken(file, themes, 8);
    offsets = taken(file, themes, 8), thresholds = taken(file, themes, 8);
    double *idf = taken(file, count, 8), *coefficients = taken(file, (size_t)count * themes, 8);
    uint32_t *both = taken(file, 2 * (size_t)pair_count, 4);
    const char *word = taken(file, header[3], 1);
    terms = (Term *)(((uintptr_t)rows(count + 1, sizeof *terms) + 63) & ~(uintptr_t)63);
    for (uint32_t n = 0; n < count; n++) {
        Term *term = terms + n + (n >= none);
        term->squared_idf = idf[n] * idf[n];
        for (uint32_t theme = 0; theme < themes; theme++) term->weights[theme] = idf[n] * *coefficients++;
    }
    word_shift = shift_for(none), pair_shift = shift_for(pair_count);
    word_slots = rows(UINT64_C(1) << (64 - word_shift), sizeof *word_slots);
    pair_slots = rows(UINT64_C(1) << (64 - pair_shift), sizeof *pair_slots);
    for (uint64_t n = 0; n <= UINT64_MAX >> word_shift; n++) word_slots[n].number = none;
    for (uint64_t n = 0; n <= UINT64_MAX >> pair_shift; n++) pair_slots[n].number = none;
    spelt = rows(none, sizeof *spelt);
    for (uint32_t n = 0, length; n < none; n++, word += length + 1) {
        spelt[n] = word, length = strcspn(word, "\n");
        *word_slot(word, length) = (WordSlot){eight(word, length, 0), eight(word, length, 8), n, length};
    }
    for (uint32_t n = 0; n < pair_count; n++) {
        uint32_t key = pair_key(both[2 * n], both[2 * n + 1]);
        *pair_slot(key) = (PairSlot){key, none + 1 + n};
    }
}

/* Lowers a chunk and finds where words begin and end: 64 bytes at once, of which compilers make vectors. */
static size_t cut(const char *text, size_t length) {
    size_t count = 0;
    uint64_t before = 0;
    for (size_t block = 0; block < length; block += BLOCK) {
        unsigned char inside[BLOCK];
        for (int n = 0; n < BLOCK; n++) {
            unsigned char c = text[block + n], small = c | ((unsigned char)(c - 'A') < 26) << 5;
            inside[n] = ((unsigned char)(small - 'a') < 26) | ((unsigned char)(c - '0') < 10) | (c == '_');
            lowered[block + n] = small;
        }
        uint64_t bits = 0;
        for (int n = 0; n < BLOCK; n += 8) { /* the product gathers one bit of each of eight bytes in its last byte */
            uint64_t bytes;
            memcpy(&bytes, inside + n, 8);
            bits |= (bytes * UINT64_C(0x0102040810204080) >> 56) << n;
        }
        for (uint64_t changes = bits ^ (bits << 1 | before); changes; changes &= changes - 1)
            edges[count++] = block + __builtin_ctzll(changes);
        before = bits >> 63;
    }
    return count;
}

/* Looks up all words of a chunk and all pairs, also those across lines, which nobody asks for. */
static void look_up(size_t edge_count) {
    size_t count = 0;
    for (size_t n = 0; n + 1 < edge_count; n += 2) {
        uint32_t length = edges[n + 1] - edges[n];
        starts[count] = edges[n];
        words[count] = word_slot(lowered + edges[n], length)->number;
        count += length >= 2; /* a word of one letter is written over */
    }
    starts[count] = UINT32_MAX, words[count] = none;
    for (size_t n = 0; n < count; n++) {
        __builtin_prefetch(pair_slots + pair_place(pair_key(words[n + AHEAD], words[n + AHEAD + 1])));
        pairs[n] = pair_slot(pair_key(words[n], words[n + 1]))->number;
    }
}

/* Labels one sentence, whose words are those from `word` on that begin before `end`; returns the next one's first. */
static size_t label(size_t word, uint32_t end, uint32_t sentence, char *labels) {
    size_t count = 0;
    for (; starts[word] < end; word++) { /* what is no term is written over: no branch, for none could be foreseen */
        found[count] = words[word], count += words[word] != none;
        found[count] = pairs[word], count += (pairs[word] != none) & (starts[word + 1] < end);
    }
    for (size_t n = 0; n < count; n++) __builtin_prefetch(terms + found[n]);
    double margins[THEMES] = {0}, square = 0;
    for (size_t n = 0; n < count; n++) { /* a term met again adds what its weight and its square have grown by */
        Term *term = terms + found[n];
        uint32_t times = 1 + (term->times & -(uint32_t)(term->met == sentence));
        term->met = sentence, term->times = times;
        square += gain_of_square[times] * term->squared_idf;
        for (int theme = 0; theme < THEMES; theme++) margins[theme] += gain[times] * term->weights[theme];
    }
    double length = square > 0 ? sqrt(square) : 1;
    for (uint32_t theme = 0; theme < themes; theme++) {
        double margin = intercepts[theme] + margins[theme] / length;
        double probability = 1 / (1 + exp(-(slopes[theme] * margin + offsets[theme])));
        labels[theme] = count && probability >= thresholds[theme];
    }
    return word;
}

static const char *next_line(const char *from, const char *stop) {
    return (const char *)memchr(from, '\n', stop - from) + 1;
}

static void score(const char *text, const char *stop, char *labels) {
    static uint32_t sentence;
    for (const char *end; text < stop; text = end) {
        end = next_line(stop - text > CHUNK ? text + CHUNK : stop - 1, stop);
        look_up(cut(text, end - text));
        size_t word = 0;
        for (const char *line = text; line < end; labels += themes) {
            line = next_line(line, end);
            word = label(word, line - text, ++sentence, labels);
        }
    }
}

static double cpu_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int count, char **given) {
    if (count != 5) fail("usage: ceiling MODEL TEXT LABELS REPEATS");
    read_model(opened(given[1], "rb"));
    FILE *file = opened(given[2], "rb");
    fseek(file, 0, SEEK_END);
    size_t size = ftell(file), lines = 0;
    rewind(file);
    char *text = rows(size, 1);
    if (fread(text, 1, size, file) != size || !size || text[size - 1] != '\n') fail("a text ends with a newline");
    for (const char *line = text, *next; line < text + size; line = next, lines++)
        if ((next = next_line(line, text + size)) - line > LONGEST) fail("a line is longer than 4,096 bytes");
    for (int n = 1; n < LONGEST; n++) { /* 1 + log(n) less 1 + log(n - 1), and the same of squares */
        double weight = 1 + log(n), before = n > 1 ? 1 + log(n - 1) : 0;
        gain[n] = weight - before, gain_of_square[n] = weight * weight - before * before;
    }
    char *labels = rows(lines, themes);
    for (int n = atoi(given[4]); n > 0; n--) {
        double began = cpu_seconds();
        score(text, text + size, labels);
        printf("%.0f\n", lines / (cpu_seconds() - began));
    }
    FILE *out = opened(given[3], "wb");
    for (size_t n = 0; n < lines * themes; n++) fprintf(out, "%d%s", labels[n], (n + 1) % themes ? "" : "\n");
    if (fclose(out)) fail(given[3]);
}
