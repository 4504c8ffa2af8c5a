package landfall

/**
 * Lines for `sh`, with every word quoted: a branch's or a parameter's name never becomes part of the command.
 */
class Shell implements Serializable {

    private static final long serialVersionUID = 1L

    /** One word as bash takes it whole. */
    static String quote(Object word) {
        return "'" + word.toString().replace("'", "'\\''") + "'"
    }

    /** The words as one line; those that are null or empty are left out. */
    static String line(List<Object> words) {
        List<String> kept = []
        for (Object word in words) {
            if (word != null && word.toString() != '') {
                kept << (word.toString() ==~ /[A-Za-z0-9_.\/=-]+/ ? word.toString() : quote(word))
            }
        }
        return kept.join(' ')
    }

}
