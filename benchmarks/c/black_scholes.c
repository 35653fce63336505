/* The sum of the prices of European calls (Black and Scholes), all of them in one pass. */
#include <math.h>

double black_scholes_value(const double *restrict spot, const double *restrict volatility,
                           const double *restrict strike, const double *restrict expiry, double rate, long n) {
    double total = 0.0;
    for (long i = 0; i < n; i++) {
        const double T = expiry[i], root = volatility[i] * sqrt(T);
        const double d1 = (log(spot[i] / strike[i]) + (rate + 0.5 * volatility[i] * volatility[i]) * T) / root;
        const double d2 = d1 - root;
        total += spot[i] * (0.5 * (1.0 + erf(d1 * M_SQRT1_2)))
                 - strike[i] * exp(-rate * T) * (0.5 * (1.0 + erf(d2 * M_SQRT1_2)));
    }
    return total;
}

/* Independent elements: each one's adjoint follows its price at once, and nothing is kept. */
double black_scholes_gradient(const double *restrict spot, const double *restrict volatility,
                              const double *restrict strike, const double *restrict expiry, double rate, long n,
                              double *restrict spot_bar, double *restrict volatility_bar) {
    const double density = 0.5 * M_2_SQRTPI * M_SQRT1_2; /* 1 / sqrt(2 pi) */
    double total = 0.0;
    for (long i = 0; i < n; i++) {
        const double S = spot[i], s = volatility[i], T = expiry[i];
        const double root_T = sqrt(T), root = s * root_T, over_root = 1.0 / root;
        const double d1 = (log(S / strike[i]) + (rate + 0.5 * s * s) * T) * over_root, d2 = d1 - root;
        const double discounted = strike[i] * exp(-rate * T);
        const double cdf1 = 0.5 * (1.0 + erf(d1 * M_SQRT1_2)), cdf2 = 0.5 * (1.0 + erf(d2 * M_SQRT1_2));
        total += S * cdf1 - discounted * cdf2;
        const double d2_bar = -discounted * density * exp(-0.5 * d2 * d2);
        const double d1_bar = S * density * exp(-0.5 * d1 * d1) + d2_bar;
        const double numerator_bar = d1_bar * over_root;
        const double root_bar = -d2_bar - d1 * numerator_bar;
        spot_bar[i] = cdf1 + numerator_bar / S;
        volatility_bar[i] = numerator_bar * s * T + root_bar * root_T;
    }
    return total;
}
