/* Dropout masks by the hash of randomness.py, in C because torch has no unsigned 64-bit shifts and
   writes every intermediate value to memory. Compiled by native.py; both draw identical masks. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 4  /* decisions that one 64-bit word serves */
#define CHUNK 64 /* words hashed at a time: small enough for the first-level cache */

static uint64_t mix(uint64_t value) {
    value ^= value >> 30;
    value *= 0xBF58476D1CE4E5B9u;
    value ^= value >> 27;
    value *= 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

static void hash(uint64_t *words, uint64_t key, size_t first, size_t count) {
    for (size_t i = 0; i < count; i++)
        words[i] = mix(key + (first + i + 1) * 0x9E3779B97F4A7C15u);
}

static size_t least(size_t one, size_t other) { return one < other ? one : other; }

/* Multiply rows of floats by `scale` where they are kept and by 0 where not; may be in place. */
void drop(float *out, const float *in, const uint64_t *keys, size_t rows, size_t width,
          int16_t limit, float scale) {
    uint64_t words[CHUNK];
    for (size_t row = 0; row < rows; row++, in += width, out += width)
        for (size_t from = 0; from < width; from += CHUNK * LANES) {
            size_t values = least(width - from, CHUNK * LANES);
            hash(words, keys[row], from / LANES, (values + LANES - 1) / LANES);
            const int16_t *lanes = (const int16_t *)words;
            for (size_t i = 0; i < values; i++)
                out[from + i] = in[from + i] * (lanes[i] >= limit ? scale : 0.0f);
        }
}

static float widened(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

/* Round to the nearest bfloat16, and to the even one of two that are as near. */
static uint16_t narrowed(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t rounded = (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
    return (uint16_t)((bits & 0x7FFFFFFFu) > 0x7F800000u ? 0x7FC0u : rounded); /* stays no number */
}

/* The same for bfloat16; what is kept is multiplied in single precision and rounded once. */
void drop_bfloat16(uint16_t *out, const uint16_t *in, const uint64_t *keys, size_t rows,
                   size_t width, int16_t limit, float scale) {
    uint64_t words[CHUNK];
    for (size_t row = 0; row < rows; row++, in += width, out += width)
        for (size_t from = 0; from < width; from += CHUNK * LANES) {
            size_t values = least(width - from, CHUNK * LANES);
            hash(words, keys[row], from / LANES, (values + LANES - 1) / LANES);
            const int16_t *lanes = (const int16_t *)words;
            for (size_t i = 0; i < values; i++)
                out[from + i] = narrowed(widened(in[from + i]) * (lanes[i] >= limit ? scale : 0.0f));
        }
}

/* Write 1 for every value that is kept and 0 for every other. */
void keep(uint8_t *out, const uint64_t *keys, size_t rows, size_t width, int16_t limit) {
    uint64_t words[CHUNK];
    for (size_t row = 0; row < rows; row++, out += width)
        for (size_t from = 0; from < width; from += CHUNK * LANES) {
            size_t values = least(width - from, CHUNK * LANES);
            hash(words, keys[row], from / LANES, (values + LANES - 1) / LANES);
            const int16_t *lanes = (const int16_t *)words;
            for (size_t i = 0; i < values; i++)
                out[from + i] = lanes[i] >= limit;
        }
}
