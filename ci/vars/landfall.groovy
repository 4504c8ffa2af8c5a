import landfall.Shell

/** Runs one landfall command, keeps its JSON in a file, and gives [code: …, value: …]. See landfall.txt. */
Map call(Map config) {
    List<Integer> allowed = config.allowed ?: [0]    // exit codes that are an answer: 3 is a refusal
    String file = config.file ?: 'landfall.json'     // where the command's JSON stays, for notices and archives
    String label = config.label ?: "landfall ${config.args.take(2).join(' ')}"
    String line = Shell.line(['landfall'] + config.args + ['--output', 'json'])
    int code = sh(label: label, returnStatus: true, script: "${line} > ${Shell.quote(file)}")
    String text = readFile(file: file).trim()
    Map value = text.startsWith('{') ? readJSON(text: text, returnPojo: true) : [:]    // a wrong usage prints none
    if (value.error || !allowed.contains(code)) {
        String reason = [value.what, value.so, value.fix].findAll { String part -> part }.join(' ')
        landfallStop(event: code == 3 ? 'refused' : 'failed',
                     reason: reason ?: "${label} ended with exit code ${code}; its reasons stand in the log.")
    }
    return [code: code, value: value]
}
