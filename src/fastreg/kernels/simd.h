/* Products of vectors: axpy and dot for the short vectors of the descent loops, and eight dot products
   at a time for passes over X.

   A call into BLAS costs about as much as the arithmetic on a few hundred entries, and beyond
   10,000 entries OpenBLAS would wake its threads. Where the compiler and the C library can, each
   function is compiled for several instruction sets and the best is chosen once at load time;
   elsewhere the plain version is all there is. */

#ifndef FASTREG_SIMD_H
#define FASTREG_SIMD_H

#include <stddef.h>

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function" /* no kernel uses all of these */
#endif

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && defined(__GNUC__) && \
    !defined(__clang__) && defined(__OPTIMIZE__)
#define FASTREG_MULTIVERSION
#define FASTREG_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FASTREG_CLONES
#endif

/* y += a x */
FASTREG_CLONES static void fastreg_axpy(ptrdiff_t n, double a, const double *restrict x,
                                        double *restrict y)
{
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* y −= Σ_k a_k x_k for four vectors: y is read and written once, and four streams come in at a time */
FASTREG_CLONES static void fastreg_subtract4(ptrdiff_t n, const double *restrict a,
                                             const double *const *x, double *restrict y)
{
    const double *restrict p = x[0], *restrict q = x[1], *restrict r = x[2], *restrict s = x[3];
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] -= (a[0] * p[i] + a[1] * q[i]) + (a[2] * r[i] + a[3] * s[i]);
}

/* xᵀy in sixteen partial sums: a fixed order, so the same bits at every call */
FASTREG_CLONES static double fastreg_dot(ptrdiff_t n, const double *restrict x,
                                         const double *restrict y)
{
    double part[16] = {0.0};
    double total = 0.0;
    ptrdiff_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (int k = 0; k < 16; k++)
            part[k] += x[i + k] * y[i + k];
    for (; i < n; i++)
        total += x[i] * y[i];
    for (int width = 8; width > 0; width /= 2)
        for (int k = 0; k < width; k++)
            part[k] += part[k + width];
    return total + part[0];
}

/* C_r −= Σ_k g_k[r] d_k for the listed rows r of C (·, width), d (8, width) */
FASTREG_CLONES static void fastreg_rank8(ptrdiff_t n, const ptrdiff_t *restrict row,
                                         ptrdiff_t width, const double *const *g,
                                         const double *restrict d, double *restrict c)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        ptrdiff_t r = row[i];
        double a[8], *restrict to = c + r * width;
        for (int k = 0; k < 8; k++)
            a[k] = g[k][r];
        for (ptrdiff_t t = 0; t < width; t++) {
            const double *from = d + t;
            double sum = a[0] * from[0];
            for (int k = 1; k < 8; k++)
                sum += a[k] * from[k * width];
            to[t] -= sum;
        }
    }
}

/* Σ_k x_k y[row_k] in four partial sums; two loads an entry are all it takes, however wide the
   vectors, and a column of ten entries should not have to pay for a call */
static inline double fastreg_sparse_dot(ptrdiff_t nnz, const double *restrict x,
                                        const int *restrict row, const double *restrict y)
{
    double a = 0.0, b = 0.0, c = 0.0, d = 0.0;
    ptrdiff_t k = 0;
    for (; k + 4 <= nnz; k += 4) {
        a += x[k] * y[row[k]];
        b += x[k + 1] * y[row[k + 1]];
        c += x[k + 2] * y[row[k + 2]];
        d += x[k + 3] * y[row[k + 3]];
    }
    for (; k < nnz; k++)
        a += x[k] * y[row[k]];
    return (a + b) + (c + d);
}

/* y_row_k += x_k a for rows of eight */
FASTREG_CLONES static void fastreg_add8(ptrdiff_t nnz, const double *restrict x,
                                        const int *restrict row, const double *restrict a,
                                        double *restrict y)
{
    for (ptrdiff_t k = 0; k < nnz; k++)
        for (int t = 0; t < 8; t++)
            y[8 * (ptrdiff_t)row[k] + t] += x[k] * a[t];
}

/* Eight doubles side by side: one register or two where the compiler has vector types. */
#if defined(__GNUC__)
typedef double fastreg_v8 __attribute__((vector_size(64), aligned(8), may_alias));
#define FASTREG_ADD8(sum, factor, at) (sum) += (factor) * *(const fastreg_v8 *)(at)
#define FASTREG_STORE8(at, sum) *(fastreg_v8 *)(at) += (sum)
#define FASTREG_ZERO8 {0.0}
#else
typedef struct { double at[8]; } fastreg_v8;
#define FASTREG_ADD8(sum, factor, from)                                                            \
    for (int t_ = 0; t_ < 8; t_++)                                                                 \
        (sum).at[t_] += (factor) * (from)[t_]
#define FASTREG_STORE8(to, sum)                                                                    \
    for (int t_ = 0; t_ < 8; t_++)                                                                 \
        (to)[t_] += (sum).at[t_]
#define FASTREG_ZERO8 {{0.0}}
#endif

/* Eight sparse dot products at once: part[8 g + t] += Σ_k x_k block[8 row_k + t], g the group of row_k
   (0 where `group` is null). */
FASTREG_CLONES static void fastreg_dot8(ptrdiff_t nnz, const double *restrict x,
                                        const int *restrict row, const double *restrict block,
                                        const ptrdiff_t *group, double *restrict part)
{
    if (group) {
        for (ptrdiff_t k = 0; k < nnz; k++) {
            fastreg_v8 product = FASTREG_ZERO8;
            FASTREG_ADD8(product, x[k], block + 8 * (ptrdiff_t)row[k]);
            FASTREG_STORE8(part + 8 * group[row[k]], product);
        }
        return;
    }
    fastreg_v8 even = FASTREG_ZERO8, odd = FASTREG_ZERO8;
    ptrdiff_t k = 0;
    for (; k + 2 <= nnz; k += 2) {
        FASTREG_ADD8(even, x[k], block + 8 * (ptrdiff_t)row[k]);
        FASTREG_ADD8(odd, x[k + 1], block + 8 * (ptrdiff_t)row[k + 1]);
    }
    if (k < nnz)
        FASTREG_ADD8(even, x[k], block + 8 * (ptrdiff_t)row[k]);
    FASTREG_STORE8(part, even);
    FASTREG_STORE8(part, odd);
}

/* The same for dense columns, four at a time so that their sums do not wait for each other:
   part[c][t] += Σ_i (x_c[i] − shift_c) block[8 i + t] for c < 4, where the columns x_c may be anywhere.
   A null shift stands for zeros. Reads float or double; all arithmetic is in double. */
#define FASTREG_FOUR_COLUMNS(A, B, C, D)                                                           \
    for (ptrdiff_t i = 0; i < n; i++) {                                                            \
        FASTREG_ADD8(a, A, block + 8 * i);                                                         \
        FASTREG_ADD8(b, B, block + 8 * i);                                                         \
        FASTREG_ADD8(c, C, block + 8 * i);                                                         \
        FASTREG_ADD8(d, D, block + 8 * i);                                                         \
    }
#define FASTREG_DENSE_DOT8(NAME, TYPE)                                                             \
    FASTREG_CLONES static void NAME(ptrdiff_t n, const TYPE *const *x, const double *shift,        \
                                    const double *restrict block, double *const *part)            \
    {                                                                                              \
        const TYPE *restrict x0 = x[0], *restrict x1 = x[1], *restrict x2 = x[2],                  \
                            *restrict x3 = x[3];                                                   \
        fastreg_v8 a = FASTREG_ZERO8, b = FASTREG_ZERO8;                                           \
        fastreg_v8 c = FASTREG_ZERO8, d = FASTREG_ZERO8;                                           \
        if (shift)                                                                                 \
            FASTREG_FOUR_COLUMNS(x0[i] - shift[0], x1[i] - shift[1], x2[i] - shift[2],             \
                                 x3[i] - shift[3])                                                 \
        else                                                                                       \
            FASTREG_FOUR_COLUMNS((double)x0[i], (double)x1[i], (double)x2[i], (double)x3[i])       \
        FASTREG_STORE8(part[0], a);                                                                \
        FASTREG_STORE8(part[1], b);                                                                \
        FASTREG_STORE8(part[2], c);                                                                \
        FASTREG_STORE8(part[3], d);                                                                \
    }

FASTREG_DENSE_DOT8(fastreg_dense_dot8, double)
FASTREG_DENSE_DOT8(fastreg_dense_dot8f, float)

/* Σ_i w_i (x_i − shift)², in eight partial sums */
#define FASTREG_SQUARES(NAME, TYPE)                                                                \
    FASTREG_CLONES static double NAME(ptrdiff_t n, const TYPE *restrict x, double shift,           \
                                      const double *restrict w)                                    \
    {                                                                                              \
        double part[8] = {0.0}, total = 0.0;                                                       \
        ptrdiff_t i = 0;                                                                           \
        for (; i + 8 <= n; i += 8)                                                                 \
            for (int t = 0; t < 8; t++)                                                            \
                part[t] += w[i + t] * (x[i + t] - shift) * (x[i + t] - shift);                     \
        for (; i < n; i++)                                                                         \
            total += w[i] * (x[i] - shift) * (x[i] - shift);                                       \
        for (int t = 0; t < 8; t++)                                                                \
            total += part[t];                                                                      \
        return total;                                                                              \
    }

FASTREG_SQUARES(fastreg_squares, double)
FASTREG_SQUARES(fastreg_squaresf, float)

#endif
