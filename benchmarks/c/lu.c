/* LU decomposition by rows, in place. Everything that the adjoint reads is in the finished factors: nothing else is kept. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double decompose(double *restrict a, long n) {
  double total = 0.0;
  for (long k = 0; k < n; k++) {
    const double *restrict u = a + k * n;
    double inverse = 1.0 / u[k];
    total += log(fabs(u[k]));
    for (long i = k + 1; i < n; i++) {
      double *restrict row = a + i * n;
      double factor = row[k] * inverse;
      row[k] = factor;
      for (long j = k + 1; j < n; j++) row[j] -= factor * u[j];
    }
  }
  return total;
}

double lu_value(const double *restrict matrix, long n) {
  double *a = malloc(n * n * sizeof *a);
  memcpy(a, matrix, n * n * sizeof *a);
  double total = decompose(a, n);
  free(a);
  return total;
}

/* The cotangent of a[i, j] is first written in step min(i, j), going down, so the matrix of them is never zeroed. */
double lu_gradient(const double *restrict matrix, long n, double *restrict bar) {
  double *restrict a = malloc(n * n * sizeof *a);
  memcpy(a, matrix, n * n * sizeof *a);
  double total = decompose(a, n);
  for (long k = n - 1; k >= 0; k--) {
    const double *restrict u = a + k * n;
    double *restrict u_bar = bar + k * n;
    double inverse = 1.0 / u[k], pivot_bar = inverse;
    memset(u_bar + k, 0, (n - k) * sizeof *u_bar);
    for (long i = k + 1; i < n; i++) {
      double *restrict row_bar = bar + i * n;
      double factor = a[i * n + k], factor_bar = 0.0;
      for (long j = k + 1; j < n; j++) {
        factor_bar -= row_bar[j] * u[j];
        u_bar[j] -= factor * row_bar[j];
      }
      row_bar[k] = factor_bar * inverse;
      pivot_bar -= factor_bar * inverse * factor;
    }
    u_bar[k] = pivot_bar;
  }
  free(a);
  return total;
}
