/* Gauss and Seidel's sweeps over an n by m grid. Linear in all of its inputs: the adjoint keeps only the last grid. */
#include <stdlib.h>
#include <string.h>

/* What does not depend on the left neighbour first, in a loop that vectorises; then the chain, one fused step each. */
static void sweep(double *restrict u, const double *restrict right, long n, long m, double *restrict rest) {
  for (long i = 1; i < n - 1; i++) {
    double *restrict here = u + i * m;
    const double *restrict r = right + i * m;
    for (long j = 1; j < m - 1; j++) rest[j] = 0.25 * (here[j - m] + here[j + m] + here[j + 1] - r[j]);
    double left = here[0];
    for (long j = 1; j < m - 1; j++) here[j] = left = rest[j] + 0.25 * left;
  }
}

static double sum_of_squares(const double *restrict u, long n) {
  double total = 0.0;
  for (long i = 0; i < n; i++) total += u[i] * u[i];
  return total;
}

double gauss_seidel_value(const double *restrict start, const double *restrict right, long n, long m, long sweeps) {
  double *u = malloc(n * m * sizeof *u), *rest = malloc(m * sizeof *rest);
  memcpy(u, start, n * m * sizeof *u);
  for (long s = 0; s < sweeps; s++) sweep(u, right, n, m, rest);
  double total = sum_of_squares(u, n * m);
  free(u);
  free(rest);
  return total;
}

/* t[i, j] is the cotangent of the sum that was written to u[i, j]: a sweep of the same form, the other way round. Before
   the first such sweep a point still has its own cotangent 2 u; afterwards its readers in the later sweep give it. */
double gauss_seidel_gradient(const double *restrict start, const double *restrict right, long n, long m, long sweeps,
                             double *restrict start_bar, double *restrict right_bar) {
  double *restrict t = calloc(n * m, sizeof *t), *restrict u = start_bar, *restrict rest = malloc(m * sizeof *rest);
  memcpy(u, start, n * m * sizeof *u);
  for (long s = 0; s < sweeps; s++) sweep(u, right, n, m, rest);
  double total = sum_of_squares(u, n * m);
  if (sweeps == 0) {
    for (long k = 0; k < n * m; k++) {
      start_bar[k] = 2.0 * u[k];
      right_bar[k] = 0.0;
    }
    free(t);
    free(rest);
    return total;
  }
  memset(right_bar, 0, n * m * sizeof *right_bar);
  for (long s = 0; s < sweeps; s++) {
    for (long i = n - 2; i > 0; i--) {
      double *restrict here = t + i * m, *restrict r = right_bar + i * m;
      const double *restrict ui = u + i * m;
      if (s == 0)
        for (long j = 1; j < m - 1; j++) rest[j] = 0.25 * (2.0 * ui[j] + here[j + m]);
      else
        for (long j = 1; j < m - 1; j++) rest[j] = 0.25 * (here[j + m] + here[j - m] + here[j - 1]);
      double after = 0.0;
      for (long j = m - 2; j > 0; j--) here[j] = after = rest[j] + 0.25 * after;
      for (long j = 1; j < m - 1; j++) r[j] -= here[j];
    }
  }
  /* the rim keeps its own cotangent and gets that of every sweep; inside, only the first sweep read the start */
  for (long j = 0; j < m; j++) {
    start_bar[j] = 2.0 * u[j] - (n > 2 ? right_bar[m + j] : 0.0);
    if (n > 1) start_bar[(n - 1) * m + j] = 2.0 * u[(n - 1) * m + j] - (n > 2 ? right_bar[(n - 2) * m + j] : 0.0);
  }
  for (long i = 1; i < n - 1; i++) {
    double *restrict out = start_bar + i * m;
    const double *restrict here = t + i * m;
    out[0] = 2.0 * out[0] - (m > 2 ? right_bar[i * m + 1] : 0.0);
    if (m > 1) out[m - 1] = 2.0 * out[m - 1] - (m > 2 ? right_bar[i * m + m - 2] : 0.0);
    for (long j = 1; j < m - 1; j++) out[j] = here[j - m] + here[j - 1];
  }
  /* right_bar holds minus the sums of t, and t has a quarter in it already */
  free(t);
  free(rest);
  return total;
}
