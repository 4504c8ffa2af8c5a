/** The first thing of a job that people start: is everything said. See landfallParameters.txt. */
void call(Map<String, String> given) {
    List<String> missing = given.findAll { String name, String value -> !value }.keySet() as List
    if (missing) {
        landfallStop(reason: "Say ${missing.join(' and ')}: nothing is filled in there. Nothing was begun.")
    }
    if (given.MONTH && !(given.MONTH ==~ /\d{4}-(0[1-9]|1[0-2])/)) {
        landfallStop(reason: "MONTH is '${given.MONTH}'; write it as YYYY-MM, as 2013-03. Nothing was begun.")
    }
}
