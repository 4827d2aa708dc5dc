/* axpy and dot for the short vectors of the descent loops.

   A call into BLAS costs about as much as the arithmetic on a few hundred entries, and beyond
   10,000 entries OpenBLAS would wake its threads. Where the compiler and the C library can, each
   function is compiled for several instruction sets and the best is chosen once at load time;
   elsewhere the plain version is all there is. */

#ifndef FASTREG_SIMD_H
#define FASTREG_SIMD_H

#include <stddef.h>

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && defined(__GNUC__) && \
    !defined(__clang__) && defined(__OPTIMIZE__)
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

/* eight sparse dot products at once: part[8 g + t] += Σ_k x_k block[8 row_k + t], g the group of row_k
   (0 where `group` is null) */
FASTREG_CLONES static void fastreg_dot8(ptrdiff_t nnz, const double *restrict x,
                                        const int *restrict row, const double *restrict block,
                                        const ptrdiff_t *group, double *restrict part)
{
    if (group) {
        for (ptrdiff_t k = 0; k < nnz; k++)
            for (int t = 0; t < 8; t++)
                part[8 * group[row[k]] + t] += x[k] * block[8 * (ptrdiff_t)row[k] + t];
        return;
    }
    double sum[8] = {0.0};
    for (ptrdiff_t k = 0; k < nnz; k++)
        for (int t = 0; t < 8; t++)
            sum[t] += x[k] * block[8 * (ptrdiff_t)row[k] + t];
    for (int t = 0; t < 8; t++)
        part[t] += sum[t];
}

#endif
