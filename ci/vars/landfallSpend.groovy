/** Asks for a yes to what a training costs, where one is due. Call it outside of any agent. See landfallSpend.txt. */
void call(Map config) {
    Map spend = config.spend
    if (!spend.approval.needed) {
        echo "${spend.stack}: nobody has to be asked"
        return
    }
    Map answer = landfallAsk(id: 'spend', subject: "Training for ${spend.stack}", approval: spend.approval, hours: config.hours,
                             question: "Train ${spend.month} for ${spend.gpu_hours} GPU hours?")
    boolean named = spend.approval.approvers.any { String one -> one.equalsIgnoreCase(answer.BY) }
    if (answer.ANSWER != 'yes' || !named) {
        String reason = named ? "${answer.BY} refused to train ${spend.stack}. ${answer.WHY}"
            : "${answer.BY} may not approve what ${spend.stack} spends: its intent names ${spend.approval.approvers.join(', ')}."
        landfallStop(event: 'refused', reason: reason)
    }
    echo "${answer.BY} said yes to ${spend.gpu_hours} GPU hours. ${answer.WHY}"
}
