/** Writes to the people whom the intent names. See landfallNotify.txt. */
void call(Map config) {
    List words = ['notice', config.event] + (config.stack ? [config.stack] : ['--client', landfallClient()])
    words += ['--build', env.BUILD_URL]
    words += config.release ? ['--release', config.release] : []
    words += config.file ? ['--file', config.file] : []
    Map told = landfall(args: words, file: 'notice.json').value
    if (told.to) {
        mail(to: told.to.join(','), subject: told.subject, body: told.body)
    }
}
