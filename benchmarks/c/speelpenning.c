/* Speelpenning's product: products of the elements before go into the result, times those after on the way back. */

double speelpenning_value(const double *restrict x, long n) {
  double product = 1.0;
  for (long i = 0; i < n; i++) product *= x[i];
  return product;
}

double speelpenning_gradient(const double *restrict x, long n, double *restrict x_bar) {
  double before = 1.0, after = 1.0;
  for (long i = 0; i < n; i++) {
    x_bar[i] = before;
    before *= x[i];
  }
  for (long i = n - 1; i >= 0; i--) {
    x_bar[i] *= after;
    after *= x[i];
  }
  return before;
}
