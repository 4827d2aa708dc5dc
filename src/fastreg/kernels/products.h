/* Products of blocks of columns, ZᵀU with many rows: packing and the innermost loops.

   Columns are packed eight side by side (a sliver: row l of it is eight doubles, then row l + 1), which
   shifts, weights and converts them on the way; three slivers then meet one in registers, 24 x 8 sums
   that each row adds to once (Goto & van de Geijn, "Anatomy of high-performance matrix multiplication",
   2008). BLAS packs as well, after the columns have been shifted into a copy. */

#ifndef FASTREG_PRODUCTS_H
#define FASTREG_PRODUCTS_H

#include "simd.h"

#ifdef FASTREG_MULTIVERSION
typedef double fastreg_w8 __attribute__((vector_size(64), aligned(8), may_alias));
typedef double fastreg_w4 __attribute__((vector_size(32), aligned(8), may_alias));

/* out[ld j + i] += Σ_l a_i[l] b_j[l], i < 8 N, j < 8; NB of the eight at a time, as registers allow */
#define FASTREG_TILE(NAME, ARCH, VECTOR, LANES, N, NB)                                             \
    __attribute__((target("arch=" ARCH))) static void NAME(                                       \
        ptrdiff_t k, const double *restrict a, const double *restrict b, double *restrict out,     \
        ptrdiff_t ld)                                                                              \
    {                                                                                              \
        enum { PARTS = 8 / LANES, HEIGHT = N * PARTS };                                            \
        for (int first = 0; first < 8; first += NB) {                                              \
            VECTOR sum[NB][HEIGHT];                                                                \
            _Pragma("GCC unroll 8") for (int j = 0; j < NB; j++)                                   \
                _Pragma("GCC unroll 6") for (int i = 0; i < HEIGHT; i++)                           \
                    sum[j][i] = (VECTOR){0.0};                                                     \
            for (ptrdiff_t l = 0; l < k; l++) {                                                    \
                const double *f = b + 8 * l + first;                                               \
                VECTOR x[HEIGHT];                                                                  \
                _Pragma("GCC unroll 6") for (int i = 0; i < HEIGHT; i++)                           \
                    x[i] = *(const VECTOR *)(a + 8 * (k * (i / PARTS) + l) + i % PARTS * LANES);   \
                if (HEIGHT < NB) { /* the smaller side stays in registers */                       \
                    _Pragma("GCC unroll 8") for (int j = 0; j < NB; j++)                           \
                        _Pragma("GCC unroll 6") for (int i = 0; i < HEIGHT; i++)                   \
                            sum[j][i] += x[i] * f[j];                                              \
                } else {                                                                           \
                    _Pragma("GCC unroll 6") for (int i = 0; i < HEIGHT; i++)                       \
                        _Pragma("GCC unroll 8") for (int j = 0; j < NB; j++)                       \
                            sum[j][i] += x[i] * f[j];                                              \
                }                                                                                  \
            }                                                                                      \
            _Pragma("GCC unroll 8") for (int j = 0; j < NB; j++)                                   \
                _Pragma("GCC unroll 6") for (int i = 0; i < HEIGHT; i++)                           \
                    *(VECTOR *)(out + (first + j) * ld + LANES * i) += sum[j][i];                  \
        }                                                                                          \
    }

FASTREG_TILE(fastreg_tile3_wide, "x86-64-v4", fastreg_w8, 8, 3, 8)
FASTREG_TILE(fastreg_tile2_wide, "x86-64-v4", fastreg_w8, 8, 2, 8)
FASTREG_TILE(fastreg_tile1_wide, "x86-64-v4", fastreg_w8, 8, 1, 8)
FASTREG_TILE(fastreg_tile3, "x86-64-v3", fastreg_w4, 4, 3, 2)
FASTREG_TILE(fastreg_tile2, "x86-64-v3", fastreg_w4, 4, 2, 2)
FASTREG_TILE(fastreg_tile1, "x86-64-v3", fastreg_w4, 4, 1, 4)
#endif

/* 2 with AVX-512, 1 with AVX2, 0 where only the plain loops are there */
static int fastreg_width(void)
{
#ifdef FASTREG_MULTIVERSION
    return __builtin_cpu_supports("x86-64-v4") ? 2 : __builtin_cpu_supports("x86-64-v3") ? 1 : 0;
#else
    return 0;
#endif
}

static void fastreg_tile_plain(ptrdiff_t k, int n, const double *restrict a,
                               const double *restrict b, double *restrict out, ptrdiff_t ld)
{
    for (int s = 0; s < n; s++)
        for (int j = 0; j < 8; j++) {
            double sum[8] = {0.0};
            for (ptrdiff_t l = 0; l < k; l++)
                for (int i = 0; i < 8; i++)
                    sum[i] += a[8 * (k * s + l) + i] * b[8 * l + j];
            for (int i = 0; i < 8; i++)
                out[j * ld + 8 * s + i] += sum[i];
        }
}

static void fastreg_tile(int width, ptrdiff_t k, int n, const double *a, const double *b,
                         double *out, ptrdiff_t ld)
{
#ifdef FASTREG_MULTIVERSION
    typedef void tile(ptrdiff_t, const double *, const double *, double *, ptrdiff_t);
    static tile *const tiles[2][3] = {
        {fastreg_tile1, fastreg_tile2, fastreg_tile3},
        {fastreg_tile1_wide, fastreg_tile2_wide, fastreg_tile3_wide},
    };
    if (width > 0) {
        tiles[width - 1][n - 1](k, a, b, out, ld);
        return;
    }
#endif
    (void)width;
    fastreg_tile_plain(k, n, a, b, out, ld);
}

/* out[ld j + i] += Σ_l a_i[l] b_j[l] for i < na, j < nb and at least i ≤ diagonal + j: for all with
   a diagonal of na; a and b in slivers of k rows. */
static void fastreg_multiply(int width, ptrdiff_t k, const double *a, ptrdiff_t na, const double *b,
                             ptrdiff_t nb, ptrdiff_t diagonal, double *out, ptrdiff_t ld)
{
    for (ptrdiff_t i = 0; i < na; i += 24) {
        for (ptrdiff_t j = 0; j < nb; j += 8) {
            ptrdiff_t needed = diagonal + j + 8 < na ? diagonal + j + 8 - i : na - i;
            if (needed <= 0)
                continue;
            int n = needed > 16 ? 3 : needed > 8 ? 2 : 1;
            if (i + 8 * n <= na && j + 8 <= nb) {
                fastreg_tile(width, k, n, a + k * i, b + k * j, out + ld * j + i, ld);
                continue;
            }
            double edge[8 * 24] = {0.0};
            fastreg_tile(width, k, n, a + k * i, b + k * j, edge, 24);
            for (ptrdiff_t c = 0; c < 8 && j + c < nb; c++)
                for (ptrdiff_t r = 0; r < 8 * n && i + r < na; r++)
                    out[ld * (j + c) + i + r] += edge[24 * c + r];
        }
    }
}

#ifdef FASTREG_MULTIVERSION
#define FASTREG_MIX(A, B, ...)                                                                     \
    __builtin_shuffle(A, B, (fastreg_i8){__VA_ARGS__})
typedef long long fastreg_i8 __attribute__((vector_size(64)));
/* Transpose eight vectors in three stages: pairs, pairs of pairs, halves. */
#define FASTREG_TRANSPOSE(V)                                                                       \
    do {                                                                                           \
        fastreg_v8 t_[8], u_[8];                                                                   \
        _Pragma("GCC unroll 4") for (int c_ = 0; c_ < 8; c_ += 2) {                                \
            t_[c_] = FASTREG_MIX(V[c_], V[c_ + 1], 0, 8, 2, 10, 4, 12, 6, 14);                     \
            t_[c_ + 1] = FASTREG_MIX(V[c_], V[c_ + 1], 1, 9, 3, 11, 5, 13, 7, 15);                 \
        }                                                                                          \
        _Pragma("GCC unroll 4") for (int c_ = 0; c_ < 8; c_ += c_ % 4 == 1 ? 3 : 1) {              \
            u_[c_] = FASTREG_MIX(t_[c_], t_[c_ + 2], 0, 1, 8, 9, 4, 5, 12, 13);                    \
            u_[c_ + 2] = FASTREG_MIX(t_[c_], t_[c_ + 2], 2, 3, 10, 11, 6, 7, 14, 15);              \
        }                                                                                          \
        _Pragma("GCC unroll 4") for (int c_ = 0; c_ < 4; c_++) {                                   \
            V[c_] = FASTREG_MIX(u_[c_], u_[c_ + 4], 0, 1, 2, 3, 8, 9, 10, 11);                     \
            V[c_ + 4] = FASTREG_MIX(u_[c_], u_[c_ + 4], 4, 5, 6, 7, 12, 13, 14, 15);               \
        }                                                                                          \
    } while (0)
#define FASTREG_EIGHT_ROWS(TYPE)                                                                   \
    for (; l + 8 <= k; l += 8) {                                                                   \
        fastreg_v8 v[8];                                                                           \
        _Pragma("GCC unroll 8") for (int c = 0; c < 8; c++) {                                      \
            typedef TYPE from __attribute__((vector_size(8 * sizeof(TYPE)), aligned(sizeof(TYPE)), \
                                             may_alias));                                          \
            v[c] = __builtin_convertvector(*(const from *)(x[c] + l), fastreg_v8) - shift[c];      \
        }                                                                                          \
        FASTREG_TRANSPOSE(v);                                                                      \
        _Pragma("GCC unroll 8") for (int c = 0; c < 8; c++)                                        \
            *(fastreg_v8 *)(to + 8 * (l + c)) = v[c] * (scale ? scale[l + c] : 1.0);               \
    }
#else
#define FASTREG_EIGHT_ROWS(TYPE)
#endif

/* Rows of adjoining columns, read as they lie: to[k j + 8 l + c] = scale_l (x[step · row_l + j + c] −
   shift[j + c]) for l < k, c < 8 and j = 0, 8, … below n, zeros for j + c ≥ n. */
#define FASTREG_PACK_ROWS(NAME, TYPE)                                                              \
    FASTREG_CLONES static void NAME(ptrdiff_t k, ptrdiff_t n, const TYPE *x, ptrdiff_t step,       \
                                    const ptrdiff_t *row, const double *shift,                     \
                                    const double *scale, double *restrict to)                      \
    {                                                                                              \
        for (ptrdiff_t l = 0; l < k; l++) {                                                        \
            const TYPE *restrict at = x + step * (row ? row[l] : l);                               \
            double s = scale ? scale[l] : 1.0, *restrict out = to + 8 * l;                         \
            ptrdiff_t j = 0;                                                                       \
            for (; j + 8 <= n; j += 8, out += 8 * k)                                               \
                for (int c = 0; c < 8; c++)                                                        \
                    out[c] = s * (at[j + c] - shift[j + c]);                                       \
            for (int c = 0; j < n && c < 8; c++)                                                   \
                out[c] = j + c < n ? s * (at[j + c] - shift[j + c]) : 0.0;                         \
        }                                                                                          \
    }

FASTREG_PACK_ROWS(fastreg_pack_rows, double)
FASTREG_PACK_ROWS(fastreg_pack_rowsf, float)

/* Columns wherever they lie: to[8 l + c] = scale_l (x_c[step · row_l] − shift_c), l < k, c < n ≤ 8, zeros
   for c ≥ n. Null `row` and `scale` stand for 0, 1, 2, … and for ones. */
#define FASTREG_PACK(NAME, TYPE)                                                                   \
    FASTREG_CLONES static void NAME(ptrdiff_t k, int n, const TYPE *const *x, ptrdiff_t step,      \
                                    const ptrdiff_t *row, const double *shift,                     \
                                    const double *scale, double *restrict to)                      \
    {                                                                                              \
        ptrdiff_t l = 0;                                                                           \
        if (n == 8 && step == 1 && !row) {                                                         \
            FASTREG_EIGHT_ROWS(TYPE)                                                               \
        }                                                                                          \
        for (; l < k; l++) {                                                                       \
            ptrdiff_t at = step * (row ? row[l] : l);                                              \
            double s = scale ? scale[l] : 1.0;                                                     \
            for (int c = 0; c < 8; c++)                                                            \
                to[8 * l + c] = c < n ? s * (x[c][at] - shift[c]) : 0.0;                           \
        }                                                                                          \
    }

FASTREG_PACK(fastreg_pack, double)
FASTREG_PACK(fastreg_packf, float)

#endif
