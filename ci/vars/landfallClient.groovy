/** The client whose folder the job lies in: whose stacks it looks at, and whom the clouds trust it for. See landfallClient.txt. */
String call() {
    return env.JOB_NAME.tokenize('/')[0]
}
