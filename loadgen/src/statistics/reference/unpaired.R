# Makes unpaired.json: what R says about two samples that are not paired.
#
# Run with R 4.2 or later:  Rscript unpaired.R > unpaired.json
#
# The first case is Hollander and Wolfe's permeability of membranes (table 4.1), the example of
# R's own help. The cases without an interval are large: there R finds it by a root of the normal
# statistic, which is not to be compared digit by digit.

case <- function(name, a, b) {
    exact <- length(a) < 50 && length(b) < 50
    test <- wilcox.test(b, a, conf.int = TRUE, exact = exact)
    numbers <- function(values) paste(sprintf("%.17g", values), collapse = ", ")
    interval <- if (exact) sprintf("[%s]", numbers(test$conf.int)) else "null"
    estimate <- if (exact) numbers(test$estimate) else "null"
    sprintf('  {"name": "%s", "a": [%s], "b": [%s], "p_value": %s, "estimate": %s, "interval": %s}',
            name, numbers(a), numbers(b), numbers(test$p.value), estimate, interval)
}

set.seed(20260301)
cases <- case("permeability",
              c(1.15, 0.88, 0.90, 0.74, 1.21),
              c(0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46))
for (sizes in list(c(4, 4), c(6, 6), c(10, 10), c(10, 20), c(20, 20), c(7, 31), c(40, 45))) {
    for (shift in c(0, 0.8)) {
        a <- round(rnorm(sizes[1]), 6)
        b <- round(rnorm(sizes[2]) + shift, 6)
        cases <- c(cases, case(sprintf("normal %+.1f, n %d, m %d", shift, sizes[1], sizes[2]), a, b))
    }
}
a <- round(rcauchy(12), 6)
b <- round(rcauchy(15) + 1, 6)
cases <- c(cases, case("Cauchy", a, b))
cases <- c(cases, case("large", round(rnorm(120), 6), round(rnorm(90) + 0.3, 6)))
cases <- c(cases, case("large with ties", round(rnorm(120), 1), round(rnorm(90) + 0.3, 1)))
cat('{"cases": [\n', paste(cases, collapse = ",\n"), "\n]}\n", sep = "")
