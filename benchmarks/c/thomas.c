/* Thomas's tridiagonal solver. */
#include <stdlib.h>

/* The solution in x, and the reciprocals of the pivots; returns the sum of squares. */
static double solve(const double *restrict lower, const double *restrict diagonal, const double *restrict upper,
                    const double *restrict right, long n, double *restrict inverse, double *restrict x) {
  double r = 1.0 / diagonal[0], d = right[0], total = 0.0;
  inverse[0] = r;
  x[0] = d;
  for (long i = 1; i < n; i++) {
    double factor = lower[i - 1] * r;
    d = right[i] - factor * d;
    r = 1.0 / (diagonal[i] - factor * upper[i - 1]);
    x[i] = d;
    inverse[i] = r;
  }
  double after = x[n - 1] * inverse[n - 1];
  x[n - 1] = after;
  total = after * after;
  for (long i = n - 2; i >= 0; i--) {
    after = (x[i] - upper[i] * after) * inverse[i];
    x[i] = after;
    total += after * after;
  }
  return total;
}

double thomas_value(const double *restrict lower, const double *restrict diagonal, const double *restrict upper,
                    const double *restrict right, long n) {
  double *inverse = malloc(n * sizeof *inverse), *x = malloc(n * sizeof *x);
  double total = solve(lower, diagonal, upper, right, n, inverse, x);
  free(inverse);
  free(x);
  return total;
}

/* After elimination d[i] is x[i] / inverse[i] + upper[i] x[i + 1], had again where it is read; substitution undone
   forwards, elimination undone backwards. right_bar holds d's cotangent between the two. */
double thomas_gradient(const double *restrict lower, const double *restrict diagonal, const double *restrict upper,
                       const double *restrict right, long n, double *restrict lower_bar,
                       double *restrict diagonal_bar, double *restrict upper_bar, double *restrict right_bar) {
  double *restrict inverse = malloc(n * sizeof *inverse), *restrict x = malloc(n * sizeof *x);
  double total = solve(lower, diagonal, upper, right, n, inverse, x);
  double d_bar = 2.0 * x[0] * inverse[0];
  right_bar[0] = d_bar;
  diagonal_bar[0] = -d_bar * x[0];
  for (long i = 1; i < n; i++) {
    upper_bar[i - 1] = -d_bar * x[i];
    d_bar = (2.0 * x[i] - upper[i - 1] * d_bar) * inverse[i];
    right_bar[i] = d_bar;
    diagonal_bar[i] = -d_bar * x[i];
  }
  d_bar = right_bar[n - 1];
  double b_bar = diagonal_bar[n - 1];
  for (long i = n - 1; i > 0; i--) {
    double d_before = x[i - 1] / inverse[i - 1] + upper[i - 1] * x[i];
    double factor = lower[i - 1] * inverse[i - 1];
    double factor_bar = -b_bar * upper[i - 1] - d_bar * d_before;
    upper_bar[i - 1] -= b_bar * factor;
    lower_bar[i - 1] = factor_bar * inverse[i - 1];
    d_bar = right_bar[i - 1] - factor * d_bar;
    right_bar[i - 1] = d_bar;
    b_bar = diagonal_bar[i - 1] - factor * factor_bar * inverse[i - 1];
    diagonal_bar[i - 1] = b_bar;
  }
  free(inverse);
  free(x);
  return total;
}
