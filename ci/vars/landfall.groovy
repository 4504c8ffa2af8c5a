import landfall.Shell

/** Runs one landfall command, keeps its JSON in a file, and gives [code: …, value: …]. See landfall.txt. */
Map call(Map config) {
    List<Integer> allowed = config.allowed ?: [0]    // exit codes that are no failure: 3 is a refusal
    String file = config.file ?: 'landfall.json'     // where the command's JSON stays, for notices and archives
    String label = config.label ?: "landfall ${config.args.take(2).join(' ')}"
    String line = Shell.line(['landfall'] + config.args + ['--output', 'json'])
    int code = sh(label: label, returnStatus: true, script: "${line} > ${Shell.quote(file)}")
    Map value = readJSON(file: file)
    if (!allowed.contains(code)) {
        error(value.what ?: "${label} ended with exit code ${code}; its reasons stand above.")
    }
    return [code: code, value: value]
}
