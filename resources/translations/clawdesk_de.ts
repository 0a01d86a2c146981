<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
    <context>
        <name>ClawDesk</name>
        <message>
            <source>   hunk {number} of {total}</source>
            <translation>   Teil {number} von {total}</translation>
        </message>
        <message numerus="yes">
            <source> ({count} failed)</source>
            <extracomment>For one:  ({count} failed)</extracomment>
            <translation>
                <numerusform> ({count} gescheitert)</numerusform>
                <numerusform> ({count} gescheitert)</numerusform>
            </translation>
        </message>
        <message>
            <source> · emulated</source>
            <translation> · emuliert</translation>
        </message>
        <message>
            <source> · not ours</source>
            <translation> · fremd</translation>
        </message>
        <message>
            <source> · present state</source>
            <translation> · jetziger Stand</translation>
        </message>
        <message>
            <source> · rejected by itself after {time}</source>
            <translation> · nach {time} von selbst abgelehnt</translation>
        </message>
        <message>
            <source> … cut</source>
            <translation> … gekürzt</translation>
        </message>
        <message>
            <source>+{added} −{removed} lines</source>
            <translation>+{added} −{removed} Zeilen</translation>
        </message>
        <message>
            <source>, A less</source>
            <translation>, A weniger</translation>
        </message>
        <message>
            <source>, B less</source>
            <translation>, B weniger</translation>
        </message>
        <message>
            <source>, about {time}</source>
            <translation>, etwa {time}</translation>
        </message>
        <message>
            <source>, by {file}</source>
            <translation>, nach {file}</translation>
        </message>
        <message>
            <source>, removed</source>
            <translation>, entfernt</translation>
        </message>
        <message>
            <source>, would be removed</source>
            <translation>, würde entfernt</translation>
        </message>
        <message numerus="yes">
            <source>, {count} calls before it</source>
            <extracomment>For one: , {count} call before it</extracomment>
            <translation>
                <numerusform>, {count} Aufruf davor</numerusform>
                <numerusform>, {count} Aufrufe davor</numerusform>
            </translation>
        </message>
        <message>
            <source>, {failed} failed</source>
            <translation>, {failed} gescheitert</translation>
        </message>
        <message>
            <source>0 GPU-seconds: the model runs on processors</source>
            <translation>0 GPU-Sekunden: das Modell läuft auf Prozessoren</translation>
        </message>
        <message>
            <source>1 day ago</source>
            <translation>vor 1 Tag</translation>
        </message>
        <message>
            <source>30 days ago</source>
            <translation>vor 30 Tagen</translation>
        </message>
        <message>
            <source>7 days ago</source>
            <translation>vor 7 Tagen</translation>
        </message>
        <message>
            <source>A change is spoken from the next start.</source>
            <translation>Eine Änderung gilt ab dem nächsten Start.</translation>
        </message>
        <message>
            <source>A checkpoint that changes one of these waits for you</source>
            <translation>Ein Prüfpunkt, der etwas davon ändert, wartet auf Freigabe</translation>
        </message>
        <message>
            <source>A command of your own</source>
            <translation>Ein eigener Befehl</translation>
        </message>
        <message>
            <source>A lane shows steps, checkpoints, the way back to an older checkpoint, and where a task asks you</source>
            <translation>Eine Spur zeigt Schritte, Prüfpunkte, den Weg zurück zu einem älteren Prüfpunkt und wo eine Aufgabe etwas fragt</translation>
        </message>
        <message>
            <source>A machine has at most {size}: the desktop keeps the rest of {total}.</source>
            <translation>Eine Maschine hat höchstens {size}: Den Rest von {total} behält der Rechner.</translation>
        </message>
        <message>
            <source>A machine has {least} to {most} MiB of memory, not {mib}.</source>
            <translation>Eine Maschine hat {least} bis {most} MiB Speicher, nicht {mib}.</translation>
        </message>
        <message>
            <source>A machine runs at least this long before it is asked to yield</source>
            <translation>So lange läuft eine Maschine mindestens, bevor sie weichen soll</translation>
        </message>
        <message>
            <source>A machine was invited as a peer.</source>
            <translation>Ein Rechner wurde als Peer eingeladen.</translation>
        </message>
        <message>
            <source>A machine was invited as peer {peer}.</source>
            <translation>Ein Rechner wurde als Peer {peer} eingeladen.</translation>
        </message>
        <message>
            <source>A model call was still under way, so the memory could not be kept.</source>
            <translation>Ein Modellaufruf war noch im Gange, daher ließ sich der Speicher nicht sichern.</translation>
        </message>
        <message>
            <source>A name is 1 to 64 letters, digits, “.”, “_” or “-”, and begins with a letter or a digit.</source>
            <translation>Ein Name hat 1 bis 64 Buchstaben, Ziffern, „.“, „_“ oder „-“ und beginnt mit einem Buchstaben oder einer Ziffer.</translation>
        </message>
        <message>
            <source>A name, a state, a reason or an id has to hold each word.</source>
            <translation>Jedes Wort muss in Name, Zustand, Grund oder Kennung stehen.</translation>
        </message>
        <message>
            <source>A newer invitation has taken its place; this one holds no more.</source>
            <translation>Eine neuere Einladung ist an ihre Stelle getreten; diese gilt nicht mehr.</translation>
        </message>
        <message>
            <source>A project has used up its budget</source>
            <translation>Ein Projekt hat sein Budget aufgebraucht</translation>
        </message>
        <message>
            <source>A project is a Git repository on this disk. Tasks work on a copy inside their own machine; your files change only when you approve.</source>
            <translation>Ein Projekt ist ein Git-Repositorium auf diesem Datenträger. Aufgaben arbeiten an einer Kopie in einer eigenen Maschine; die eigenen Dateien ändern sich erst mit einer Freigabe.</translation>
        </message>
        <message>
            <source>A prompt needs some text.</source>
            <translation>Eine Anweisung braucht Text.</translation>
        </message>
        <message>
            <source>A question back needs some text.</source>
            <translation>Eine Rückfrage braucht Text.</translation>
        </message>
        <message>
            <source>A rejection needs a note: the task gets it as feedback.</source>
            <translation>Eine Ablehnung braucht eine Notiz: Die Aufgabe erhält sie als Rückmeldung.</translation>
        </message>
        <message>
            <source>A safety checkpoint of the present state is made first; you can undo this.</source>
            <translation>Vom jetzigen Stand wird zuerst ein Sicherheits-Prüfpunkt angelegt; dies lässt sich rückgängig machen.</translation>
        </message>
        <message>
            <source>A small agent that works with one tool, the shell.</source>
            <translation>Ein kleiner Agent, der mit einem Werkzeug arbeitet, der Shell.</translation>
        </message>
        <message>
            <source>A task gets its own machine and a copy of this project. You see every step, and your files change only when you approve.</source>
            <translation>Eine Aufgabe erhält eine eigene Maschine und eine Kopie dieses Projekts. Jeder Schritt ist zu sehen, und die eigenen Dateien ändern sich erst mit einer Freigabe.</translation>
        </message>
        <message>
            <source>A task is done or has failed</source>
            <translation>Eine Aufgabe ist fertig oder gescheitert</translation>
        </message>
        <message>
            <source>A task that waits for you keeps its memory this long</source>
            <translation>So lange behält eine Aufgabe ihren Speicher, während sie auf eine Antwort wartet</translation>
        </message>
        <message>
            <source>A task's priority is {least} to {most}, not {priority}.</source>
            <translation>Die Priorität einer Aufgabe ist {least} bis {most}, nicht {priority}.</translation>
        </message>
        <message>
            <source>A terminal opens in the machine of {title}.</source>
            <translation>In der Maschine von {title} öffnet sich ein Terminal.</translation>
        </message>
        <message>
            <source>A test message was sent. Tap any of its buttons; this waits for a minute.</source>
            <translation>Eine Testnachricht wurde gesendet. Einen ihrer Knöpfe antippen; darauf wird eine Minute gewartet.</translation>
        </message>
        <message>
            <source>About the task</source>
            <translation>Zur Aufgabe</translation>
        </message>
        <message>
            <source>Act</source>
            <translation>Handeln</translation>
        </message>
        <message>
            <source>Address</source>
            <translation>Adresse</translation>
        </message>
        <message>
            <source>Addresses outside the open internet that these hosts stand for</source>
            <translation>Adressen außerhalb des offenen Internets, für die diese Rechner stehen</translation>
        </message>
        <message>
            <source>After it</source>
            <translation>Danach</translation>
        </message>
        <message>
            <source>Agent</source>
            <translation>Agent</translation>
        </message>
        <message>
            <source>Agents of ClawDesk's own list ({agents}) get their images from:</source>
            <translation>Agenten aus ClawDesks eigener Liste ({agents}) bekommen ihre Abbilder von:</translation>
        </message>
        <message>
            <source>All</source>
            <translation>Alle</translation>
        </message>
        <message>
            <source>All changes up to checkpoint {ordinal}</source>
            <translation>Alle Änderungen bis Prüfpunkt {ordinal}</translation>
        </message>
        <message>
            <source>All its snapshots</source>
            <translation>Alle Stände</translation>
        </message>
        <message>
            <source>All lines</source>
            <translation>Alle Zeilen</translation>
        </message>
        <message>
            <source>All machine files</source>
            <translation>Alle Maschinendateien</translation>
        </message>
        <message>
            <source>All machine snapshots together; the oldest go first</source>
            <translation>Alle Maschinen-Schnappschüsse zusammen; die ältesten gehen zuerst</translation>
        </message>
        <message>
            <source>All shortcuts</source>
            <translation>Alle Tastenkürzel</translation>
        </message>
        <message>
            <source>All snapshots</source>
            <translation>Alle Schnappschüsse</translation>
        </message>
        <message>
            <source>All tasks of this project are in the archive</source>
            <translation>Alle Aufgaben dieses Projekts sind im Archiv</translation>
        </message>
        <message>
            <source>Allow hosts…</source>
            <translation>Rechner erlauben…</translation>
        </message>
        <message>
            <source>Allow no host for images of agents any more?</source>
            <translation>Keinen Rechner mehr für Abbilder erlauben?</translation>
        </message>
        <message>
            <source>Allow these hosts</source>
            <translation>Diese Rechner erlauben</translation>
        </message>
        <message>
            <source>Allow these hosts for images of agents?</source>
            <translation>Diese Rechner für Abbilder von Agenten erlauben?</translation>
        </message>
        <message>
            <source>Allow these hosts…</source>
            <translation>Diese Rechner erlauben…</translation>
        </message>
        <message>
            <source>Allowing hosts</source>
            <translation>Rechner werden erlaubt</translation>
        </message>
        <message>
            <source>Also while this window is in front, where the inbox shows it</source>
            <translation>Auch wenn dieses Fenster vorn ist, wo der Eingang es zeigt</translation>
        </message>
        <message>
            <source>An agent that edits the files its prompt names.</source>
            <translation>Ein Agent, der die Dateien ändert, die seine Anweisung nennt.</translation>
        </message>
        <message>
            <source>An agent that speaks ACP</source>
            <translation>Ein Agent, der ACP spricht</translation>
        </message>
        <message>
            <source>An agent that works with a shell, and reads and patches files.</source>
            <translation>Ein Agent, der mit einer Shell arbeitet und Dateien liest und ändert.</translation>
        </message>
        <message>
            <source>An agent with tools for files and a shell.</source>
            <translation>Ein Agent mit Werkzeugen für Dateien und einer Shell.</translation>
        </message>
        <message>
            <source>An answer needs some text.</source>
            <translation>Eine Antwort braucht Text.</translation>
        </message>
        <message>
            <source>An approval, a question or a policy waits for you</source>
            <translation>Eine Freigabe, eine Frage oder eine Richtlinie wartet</translation>
        </message>
        <message>
            <source>An earlier snapshot is still being written.</source>
            <translation>Ein früherer Schnappschuss wird noch geschrieben.</translation>
        </message>
        <message>
            <source>An editor would change its line ends: take one side as a whole.</source>
            <translation>Ein Editor würde die Zeilenenden ändern: eine Seite als Ganzes nehmen.</translation>
        </message>
        <message>
            <source>An example of a task file</source>
            <translation>Ein Beispiel einer Aufgabendatei</translation>
        </message>
        <message>
            <source>Another task begins at that moment and goes its own way, on a lane of its own below. Later you compare them and keep one.</source>
            <translation>Eine weitere Aufgabe beginnt an dieser Stelle und geht ihren eigenen Weg, auf einer eigenen Spur darunter. Später lassen sich beide vergleichen, und eine bleibt.</translation>
        </message>
        <message>
            <source>Answer</source>
            <translation>Antworten</translation>
        </message>
        <message>
            <source>Answer a question</source>
            <translation>Frage beantworten</translation>
        </message>
        <message>
            <source>Answer before you close the window, or it is lost.</source>
            <translation>Vor dem Schließen des Fensters antworten, sonst geht der Entwurf verloren.</translation>
        </message>
        <message>
            <source>Answer from anywhere, through OpenClaw</source>
            <translation>Von überall antworten, über OpenClaw</translation>
        </message>
        <message>
            <source>Answer through OpenClaw</source>
            <translation>Über OpenClaw antworten</translation>
        </message>
        <message>
            <source>Answered {key}.</source>
            <translation>{key} ist beantwortet.</translation>
        </message>
        <message>
            <source>Answers that you give now are kept, and sent by themselves later.</source>
            <translation>Antworten von jetzt werden behalten und später von selbst gesendet.</translation>
        </message>
        <message>
            <source>Answer…</source>
            <translation>Antworten…</translation>
        </message>
        <message>
            <source>Any agent of the Agent Client Protocol: what it asks for is asked of you.</source>
            <translation>Jeder Agent des Agent Client Protocol: worum er bittet, werden Sie gefragt.</translation>
        </message>
        <message>
            <source>Any program that can be told what to do.</source>
            <translation>Jedes Programm, dem man sagen kann, was es tun soll.</translation>
        </message>
        <message>
            <source>Applying the decision</source>
            <translation>Entscheidung wird angewendet</translation>
        </message>
        <message>
            <source>Approvals, questions and policies to trust, of all projects, appear here.</source>
            <translation>Freigaben, Fragen und Richtlinien, denen zu vertrauen ist, erscheinen hier, aus allen Projekten.</translation>
        </message>
        <message>
            <source>Approve</source>
            <translation>Freigeben</translation>
        </message>
        <message>
            <source>Approve a checkpoint first.</source>
            <translation>Zuerst einen Prüfpunkt freigeben.</translation>
        </message>
        <message numerus="yes">
            <source>Approve all {count} files</source>
            <extracomment>For one: Approve {count} file</extracomment>
            <translation>
                <numerusform>{count} Datei freigeben</numerusform>
                <numerusform>Alle {count} Dateien freigeben</numerusform>
            </translation>
        </message>
        <message>
            <source>Approve checkpoint {ordinal}</source>
            <translation>Prüfpunkt {ordinal} freigeben</translation>
        </message>
        <message>
            <source>Approve checkpoint {ordinal} of {task}?</source>
            <translation>Prüfpunkt {ordinal} von {task} freigeben?</translation>
        </message>
        <message>
            <source>Approve what is shown</source>
            <translation>Gezeigtes freigeben</translation>
        </message>
        <message numerus="yes">
            <source>Approve {count} files, changed</source>
            <extracomment>For one: Approve {count} file, changed</extracomment>
            <translation>
                <numerusform>{count} Datei freigeben, geändert</numerusform>
                <numerusform>{count} Dateien freigeben, geändert</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Approve {taken} of {count} files</source>
            <extracomment>For one: Approve {taken} of {count} file</extracomment>
            <translation>
                <numerusform>{taken} von {count} Datei freigeben</numerusform>
                <numerusform>{taken} von {count} Dateien freigeben</numerusform>
            </translation>
        </message>
        <message>
            <source>Approving checkpoint {ordinal}</source>
            <translation>Prüfpunkt {ordinal} wird freigegeben</translation>
        </message>
        <message>
            <source>Apr</source>
            <translation>Apr</translation>
        </message>
        <message>
            <source>Archive</source>
            <translation>Archiv</translation>
        </message>
        <message>
            <source>As both began</source>
            <translation>Wie beide begannen</translation>
        </message>
        <message>
            <source>As the agent made it</source>
            <translation>Wie vom Agenten gemacht</translation>
        </message>
        <message>
            <source>As the desktop</source>
            <translation>Wie der Desktop</translation>
        </message>
        <message>
            <source>Ask back</source>
            <translation>Rückfragen</translation>
        </message>
        <message>
            <source>Ask back, in your own words</source>
            <translation>Rückfragen, mit eigenen Worten</translation>
        </message>
        <message>
            <source>Ask back: `claw ask` prints your words and ends with exit code 4; a step that was not written for that fails there. Checkpoint {ordinal} stays, to go back to.</source>
            <translation>Rückfragen: `claw ask` gibt Ihre Worte aus und endet mit dem Code 4; ein Schritt, der dafür nicht geschrieben ist, schlägt dort fehl. Prüfpunkt {ordinal} bleibt, um dorthin zurückzugehen.</translation>
        </message>
        <message>
            <source>Ask back: the agent gets your words in place of an answer, and may ask again.</source>
            <translation>Rückfragen: Der Agent bekommt Ihre Worte anstelle einer Antwort und kann erneut fragen.</translation>
        </message>
        <message>
            <source>Ask there for a new invitation.</source>
            <translation>Bitten Sie dort um eine neue Einladung.</translation>
        </message>
        <message>
            <source>Asked back about {key}; the task may ask again.</source>
            <translation>Zu {key} ist rückgefragt; die Aufgabe kann erneut fragen.</translation>
        </message>
        <message>
            <source>Asking {address}…</source>
            <translation>{address} wird gefragt …</translation>
        </message>
        <message>
            <source>Asks you</source>
            <translation>Fragt</translation>
        </message>
        <message>
            <source>At a checkpoint machines may stand still for longer than they need to: the kernel keeps userfaultfd from ordinary accounts.</source>
            <translation>An einem Prüfpunkt stehen Maschinen womöglich länger still als nötig: Der Kernel gibt userfaultfd gewöhnlichen Konten nicht.</translation>
        </message>
        <message>
            <source>At a checkpoint machines may stand still for longer than they need to: {why}.</source>
            <translation>An einem Prüfpunkt stehen Maschinen womöglich länger still als nötig: {why}.</translation>
        </message>
        <message>
            <source>Attempt</source>
            <translation>Versuch</translation>
        </message>
        <message>
            <source>Attempts</source>
            <translation>Versuche</translation>
        </message>
        <message>
            <source>Aug</source>
            <translation>Aug</translation>
        </message>
        <message>
            <source>Back to the tasks</source>
            <translation>Zurück zu den Aufgaben</translation>
        </message>
        <message>
            <source>Bars show: {words}</source>
            <translation>Balken zeigen: {words}</translation>
        </message>
        <message>
            <source>Before</source>
            <translation>Vorher</translation>
        </message>
        <message>
            <source>Before that, clawdesk submit … --changes include takes it along.</source>
            <translation>Vorher nimmt clawdesk submit … --changes include sie mit.</translation>
        </message>
        <message>
            <source>Both made this file anew, and differently.</source>
            <translation>Beide haben diese Datei neu angelegt, und verschieden.</translation>
        </message>
        <message>
            <source>Bring it back to its place, or open it where it is now.</source>
            <translation>Zurück an seinen Ort bringen oder dort öffnen, wo es jetzt liegt.</translation>
        </message>
        <message>
            <source>Budget of a project</source>
            <translation>Budget eines Projekts</translation>
        </message>
        <message>
            <source>Budget of a project…</source>
            <translation>Budget eines Projekts…</translation>
        </message>
        <message>
            <source>Budget of {project}</source>
            <translation>Budget von {project}</translation>
        </message>
        <message>
            <source>Budget…</source>
            <translation>Budget…</translation>
        </message>
        <message>
            <source>By this machine's clock it has run out. Only the other machine decides: try, or ask there for a new one.</source>
            <translation>Nach der Uhr dieses Rechners ist sie abgelaufen. Das entscheidet nur der andere Rechner: versuchen Sie es, oder bitten Sie dort um eine neue.</translation>
        </message>
        <message>
            <source>CI setting</source>
            <translation>CI-Einstellung</translation>
        </message>
        <message>
            <source>Call it</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>Called here</source>
            <translation>Heißt hier</translation>
        </message>
        <message>
            <source>Called off. Removed the snapshots of ended tasks: {done} of {count}.</source>
            <translation>Abgebrochen. Schnappschüsse beendeter Aufgaben entfernt: {done} von {count}.</translation>
        </message>
        <message>
            <source>Calling the pairing off</source>
            <translation>Das Koppeln wird abgebrochen</translation>
        </message>
        <message>
            <source>Calls at a time</source>
            <translation>Aufrufe zugleich</translation>
        </message>
        <message>
            <source>Calls to {models} fail from then on.</source>
            <translation>Aufrufe von {models} schlagen von da an fehl.</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Cancel the chosen task…</source>
            <translation>Gewählte Aufgabe abbrechen…</translation>
        </message>
        <message>
            <source>Cancel the task</source>
            <translation>Aufgabe abbrechen</translation>
        </message>
        <message>
            <source>Cancel {task}…</source>
            <translation>{task} abbrechen…</translation>
        </message>
        <message>
            <source>Cancel {title}?</source>
            <translation>{title} abbrechen?</translation>
        </message>
        <message>
            <source>Cancelled</source>
            <translation>Abgebrochen</translation>
        </message>
        <message>
            <source>Cancelled {task}</source>
            <translation>{task} abgebrochen</translation>
        </message>
        <message>
            <source>Cancelled; its commits stay in Git.</source>
            <translation>Abgebrochen; die Commits bleiben in Git.</translation>
        </message>
        <message>
            <source>Cancelling {title}</source>
            <translation>{title} wird abgebrochen</translation>
        </message>
        <message>
            <source>Cancel…</source>
            <translation>Abbrechen…</translation>
        </message>
        <message>
            <source>Change</source>
            <translation>Ändern</translation>
        </message>
        <message>
            <source>Change before (P)</source>
            <translation>Vorige Änderung (P)</translation>
        </message>
        <message>
            <source>Change it</source>
            <translation>Ändern</translation>
        </message>
        <message>
            <source>Change what is lent to a peer…</source>
            <translation>Ändern, was einem Peer geliehen wird…</translation>
        </message>
        <message>
            <source>Changed files</source>
            <translation>Geänderte Dateien</translation>
        </message>
        <message>
            <source>Changed files. Space ticks.</source>
            <translation>Geänderte Dateien. Leertaste hakt ab.</translation>
        </message>
        <message>
            <source>Changes</source>
            <translation>Änderungen</translation>
        </message>
        <message>
            <source>Changes of checkpoint {ordinal}</source>
            <translation>Änderungen von Prüfpunkt {ordinal}</translation>
        </message>
        <message>
            <source>Changes since its start</source>
            <translation>Änderungen seit dem Start</translation>
        </message>
        <message>
            <source>Change…</source>
            <translation>Ändern…</translation>
        </message>
        <message>
            <source>Changing what {peer} may use</source>
            <translation>Ändert, was {peer} benutzen darf</translation>
        </message>
        <message>
            <source>Check again</source>
            <translation>Erneut prüfen</translation>
        </message>
        <message>
            <source>Check all again</source>
            <translation>Alles erneut prüfen</translation>
        </message>
        <message>
            <source>Check this machine again</source>
            <translation>Diesen Rechner erneut prüfen</translation>
        </message>
        <message>
            <source>Checking</source>
            <translation>Prüfung</translation>
        </message>
        <message>
            <source>Checking this machine</source>
            <translation>Dieser Rechner wird geprüft</translation>
        </message>
        <message>
            <source>Checking…</source>
            <translation>Wird geprüft…</translation>
        </message>
        <message>
            <source>Checkpoint {ordinal}</source>
            <translation>Prüfpunkt {ordinal}</translation>
        </message>
        <message>
            <source>Checkpoint {ordinal} approved as you want it; the task is told.</source>
            <translation>Prüfpunkt {ordinal} ist wie gewünscht freigegeben; die Aufgabe erfährt es.</translation>
        </message>
        <message>
            <source>Checkpoint {ordinal} approved.</source>
            <translation>Prüfpunkt {ordinal} ist freigegeben.</translation>
        </message>
        <message>
            <source>Checkpoint {ordinal} rejected.</source>
            <translation>Prüfpunkt {ordinal} ist abgelehnt.</translation>
        </message>
        <message>
            <source>Checkpoint {ordinal} waits for approval.</source>
            <translation>Prüfpunkt {ordinal} wartet auf Freigabe.</translation>
        </message>
        <message>
            <source>Checkpoint {ordinal} was rejected (“{note}”); what it asks about is the same again.</source>
            <translation>Prüfpunkt {ordinal} wurde abgelehnt („{note}“); wonach gefragt wird, ist wieder dasselbe.</translation>
        </message>
        <message>
            <source>Checkpoint {ordinal} was rejected: “{note}”.</source>
            <translation>Prüfpunkt {ordinal} wurde abgelehnt: „{note}“.</translation>
        </message>
        <message>
            <source>Checkpoint {ordinal}: {why} Its files are used without memory.</source>
            <translation>Prüfpunkt {ordinal}: {why} Seine Dateien dienen ohne Speicher.</translation>
        </message>
        <message>
            <source>Checkpoints</source>
            <translation>Prüfpunkte</translation>
        </message>
        <message>
            <source>Choose a folder.</source>
            <translation>Einen Ordner wählen.</translation>
        </message>
        <message>
            <source>Choose a task to see its log, changes and checkpoints.</source>
            <translation>Eine Aufgabe wählen, um Protokoll, Änderungen und Prüfpunkte zu sehen.</translation>
        </message>
        <message>
            <source>Choose an answer</source>
            <translation>Antwort wählen</translation>
        </message>
        <message>
            <source>Choose another name.</source>
            <translation>Wählen Sie einen anderen Namen.</translation>
        </message>
        <message>
            <source>ClawDesk</source>
            <translation>ClawDesk</translation>
        </message>
        <message>
            <source>ClawDesk asks this itself, so there is nobody to ask back.</source>
            <translation>Das fragt ClawDesk selbst; eine Rückfrage hätte niemanden, der sie hört.</translation>
        </message>
        <message>
            <source>ClawDesk connects again</source>
            <translation>ClawDesk verbindet sich neu</translation>
        </message>
        <message>
            <source>ClawDesk connects again. What you answer now is kept, and sent by itself then if this still waits unchanged.</source>
            <translation>ClawDesk verbindet sich neu. Eine Antwort von jetzt wird behalten und dann von selbst gesendet, wenn dies noch unverändert wartet.</translation>
        </message>
        <message>
            <source>ClawDesk could not start; the reason stands above.</source>
            <translation>ClawDesk konnte nicht starten; der Grund steht oben.</translation>
        </message>
        <message>
            <source>ClawDesk ended while the task ran.</source>
            <translation>ClawDesk endete, während die Aufgabe lief.</translation>
        </message>
        <message>
            <source>ClawDesk is being closed.</source>
            <translation>ClawDesk wird geschlossen.</translation>
        </message>
        <message>
            <source>ClawDesk is closing.</source>
            <translation>ClawDesk schließt sich.</translation>
        </message>
        <message>
            <source>ClawDesk is starting.</source>
            <translation>ClawDesk startet.</translation>
        </message>
        <message>
            <source>ClawDesk setting</source>
            <translation>ClawDesk-Einstellung</translation>
        </message>
        <message>
            <source>ClawDesk starts a machine without a network card</source>
            <translation>ClawDesk startet eine Maschine ohne Netzwerkkarte</translation>
        </message>
        <message>
            <source>Cleaning up</source>
            <translation>Wird aufgeräumt</translation>
        </message>
        <message>
            <source>Clone it and open the clone: git clone {path}</source>
            <translation>Klonen und den Klon öffnen: git clone {path}</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Close and decide later</source>
            <translation>Schließen und später entscheiden</translation>
        </message>
        <message>
            <source>Close project</source>
            <translation>Projekt schließen</translation>
        </message>
        <message>
            <source>Close the project</source>
            <translation>Projekt schließen</translation>
        </message>
        <message>
            <source>Close the project {project}</source>
            <translation>Projekt {project} schließen</translation>
        </message>
        <message>
            <source>Close this window and start ClawDesk again: it finds every task.</source>
            <translation>Dieses Fenster schließen und ClawDesk neu starten: Es findet jede Aufgabe wieder.</translation>
        </message>
        <message>
            <source>Close, decide later</source>
            <translation>Schließen, später entscheiden</translation>
        </message>
        <message>
            <source>Closing the address for peers</source>
            <translation>Die Adresse für Peers wird geschlossen</translation>
        </message>
        <message>
            <source>Closing the project</source>
            <translation>Projekt wird geschlossen</translation>
        </message>
        <message numerus="yes">
            <source>Closing: {count} machines are saved and go safely to the disk…</source>
            <extracomment>For one: Closing: {count} machine is saved and goes safely to the disk…</extracomment>
            <translation>
                <numerusform>Schließen: {count} Maschine ist gesichert und kommt sicher auf die Platte…</numerusform>
                <numerusform>Schließen: {count} Maschinen sind gesichert und kommen sicher auf die Platte…</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Closing: {saved} of {count} machines are saved…</source>
            <extracomment>For one: Closing: {saved} of {count} machine is saved…</extracomment>
            <translation>
                <numerusform>Schließen: {saved} von {count} Maschine ist gesichert…</numerusform>
                <numerusform>Schließen: {saved} von {count} Maschinen sind gesichert…</numerusform>
            </translation>
        </message>
        <message>
            <source>Closing…</source>
            <translation>Schließen…</translation>
        </message>
        <message>
            <source>Command</source>
            <translation>Befehl</translation>
        </message>
        <message>
            <source>Command, task, checkpoint or file</source>
            <translation>Befehl, Aufgabe, Prüfpunkt oder Datei</translation>
        </message>
        <message>
            <source>Commands</source>
            <translation>Befehle</translation>
        </message>
        <message>
            <source>Comment</source>
            <translation>Kommentar</translation>
        </message>
        <message>
            <source>Comment on this line</source>
            <translation>Kommentar zu dieser Zeile</translation>
        </message>
        <message>
            <source>Comment on {path}:{line}{removed}   {quote}</source>
            <translation>Kommentar zu {path}:{line}{removed}   {quote}</translation>
        </message>
        <message>
            <source>Comments</source>
            <translation>Kommentare</translation>
        </message>
        <message>
            <source>Commit it; or take it along from there: clawdesk submit . {name} --changes include</source>
            <translation>Committen; oder von dort mitnehmen: clawdesk submit . {name} --changes include</translation>
        </message>
        <message>
            <source>Commit or stash your changes, then merge again; or merge into another branch: --into NAME</source>
            <translation>Eigene Änderungen committen oder beiseitelegen (stash), dann erneut zusammenführen; oder in einen anderen Zweig zusammenführen: --into NAME</translation>
        </message>
        <message>
            <source>Commit the file: then it stands in the list of projects, with its Run.</source>
            <translation>Die Datei committen: Dann steht sie in der Projektliste, mit ihrem Start.</translation>
        </message>
        <message>
            <source>Commit your own changes first if they are meant, or merge into a new branch and resolve it there with Git: --into NAME</source>
            <translation>Eigene Änderungen zuerst committen, wenn sie gewollt sind, oder in einen neuen Zweig zusammenführen und dort mit Git auflösen: --into NAME</translation>
        </message>
        <message>
            <source>Compare checkpoint {ordinal}</source>
            <translation>Prüfpunkt {ordinal} vergleichen</translation>
        </message>
        <message>
            <source>Compare checkpoint {ordinal}…</source>
            <translation>Prüfpunkt {ordinal} vergleichen…</translation>
        </message>
        <message>
            <source>Compare the chosen task…</source>
            <translation>Gewählte Aufgabe vergleichen…</translation>
        </message>
        <message>
            <source>Compare two alternatives: {one} and {other}</source>
            <translation>Zwei Alternativen vergleichen: {one} und {other}</translation>
        </message>
        <message>
            <source>Compare two states of {task}</source>
            <translation>Zwei Stände von {task} vergleichen</translation>
        </message>
        <message>
            <source>Compare two tasks: {one} and {other}</source>
            <translation>Zwei Aufgaben vergleichen: {one} und {other}</translation>
        </message>
        <message>
            <source>Compare with</source>
            <translation>Vergleichen mit</translation>
        </message>
        <message>
            <source>Compare {task}, checkpoint {ordinal}…</source>
            <translation>{task} vergleichen, Prüfpunkt {ordinal}…</translation>
        </message>
        <message>
            <source>Compare…</source>
            <translation>Vergleichen…</translation>
        </message>
        <message>
            <source>Comparing</source>
            <translation>Wird verglichen</translation>
        </message>
        <message>
            <source>Comparing with your branch</source>
            <translation>Vergleich mit dem eigenen Zweig</translation>
        </message>
        <message>
            <source>Comparing your version</source>
            <translation>Eigene Fassung wird verglichen</translation>
        </message>
        <message>
            <source>Comparing your version…</source>
            <translation>Eigene Fassung wird verglichen…</translation>
        </message>
        <message>
            <source>Connect</source>
            <translation>Verbinden</translation>
        </message>
        <message>
            <source>Connected again. Nothing was sent: look at it once more.</source>
            <translation>Wieder verbunden. Es wurde nichts gesendet: noch einmal ansehen.</translation>
        </message>
        <message>
            <source>Conversation</source>
            <translation>Gespräch</translation>
        </message>
        <message>
            <source>Copied</source>
            <translation>Kopiert</translation>
        </message>
        <message>
            <source>Copy</source>
            <translation>Kopieren</translation>
        </message>
        <message>
            <source>Copy all</source>
            <translation>Alles kopieren</translation>
        </message>
        <message>
            <source>Copy all of it, from “clawdesk-peer:” to its end.</source>
            <translation>Kopieren Sie alles, von „clawdesk-peer:“ bis zum Ende.</translation>
        </message>
        <message>
            <source>Copy details</source>
            <translation>Einzelheiten kopieren</translation>
        </message>
        <message>
            <source>Copy report</source>
            <translation>Bericht kopieren</translation>
        </message>
        <message>
            <source>Copy the command</source>
            <translation>Befehl kopieren</translation>
        </message>
        <message>
            <source>Copy the command that mends {name}</source>
            <translation>Befehl kopieren, der {name} in Ordnung bringt</translation>
        </message>
        <message>
            <source>Copy the invitation</source>
            <translation>Die Einladung kopieren</translation>
        </message>
        <message>
            <source>Copy the path: {what}</source>
            <translation>Pfad kopieren: {what}</translation>
        </message>
        <message>
            <source>Could not {doing}: the disk of {path} is full ({free} KiB free).</source>
            <translation>Nicht möglich ({doing}): Der Datenträger von {path} ist voll ({free} KiB frei).</translation>
        </message>
        <message>
            <source>Ctrl+L; every word must stand in the line; Esc shows all again</source>
            <translation>Ctrl+L; jedes Wort muss in der Zeile stehen; Esc zeigt wieder alle</translation>
        </message>
        <message>
            <source>Ctrl+T; what you change stands in the next checkpoint</source>
            <translation>Ctrl+T; was sich dabei ändert, steht im nächsten Prüfpunkt</translation>
        </message>
        <message>
            <source>Ctrl+Tab leaves the text</source>
            <translation>Ctrl+Tab verlässt den Text</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>Dunkel</translation>
        </message>
        <message>
            <source>Dark or light</source>
            <translation>Dunkel oder hell</translation>
        </message>
        <message>
            <source>Dec</source>
            <translation>Dez</translation>
        </message>
        <message>
            <source>Decisions</source>
            <translation>Entscheidungen</translation>
        </message>
        <message>
            <source>Delete it</source>
            <translation>Löschen</translation>
        </message>
        <message>
            <source>Delete it, as {branch} did</source>
            <translation>Löschen, wie {branch} es tat</translation>
        </message>
        <message>
            <source>Desktop and projects</source>
            <translation>Desktop und Projekte</translation>
        </message>
        <message>
            <source>Discard</source>
            <translation>Verwerfen</translation>
        </message>
        <message>
            <source>Disk use and clean-up…</source>
            <translation>Speicherplatz und Aufräumen…</translation>
        </message>
        <message>
            <source>Disk use of machine files</source>
            <translation>Speicherplatz der Maschinendateien</translation>
        </message>
        <message>
            <source>Docker is not installed, and models run in its containers</source>
            <translation>Docker ist nicht installiert, und Modelle laufen in seinen Containern</translation>
        </message>
        <message>
            <source>Done</source>
            <translation>Fertig</translation>
        </message>
        <message>
            <source>Draft kept. This question does not expire.</source>
            <translation>Entwurf aufbewahrt. Diese Frage läuft nicht ab.</translation>
        </message>
        <message>
            <source>Edit</source>
            <translation>Bearbeiten</translation>
        </message>
        <message>
            <source>Edit file</source>
            <translation>Datei bearbeiten</translation>
        </message>
        <message>
            <source>Edit…</source>
            <translation>Bearbeiten…</translation>
        </message>
        <message>
            <source>Emulation, slow: {why}. {versions}</source>
            <translation>Emulation, langsam: {why}. {versions}</translation>
        </message>
        <message>
            <source>End</source>
            <translation>Beenden</translation>
        </message>
        <message>
            <source>End reservation of {text}</source>
            <translation>Reservierung von {text} beenden</translation>
        </message>
        <message>
            <source>End the reservation of {what}</source>
            <translation>Reservierung von {what} beenden</translation>
        </message>
        <message>
            <source>Ended</source>
            <translation>Beendet</translation>
        </message>
        <message>
            <source>Ending the reservation</source>
            <translation>Reservierung wird beendet</translation>
        </message>
        <message>
            <source>Enter does nothing. You answer exactly what is shown, {digest}.</source>
            <translation>Die Eingabetaste tut nichts. Die Antwort gilt genau dem Gezeigten, {digest}.</translation>
        </message>
        <message>
            <source>Error output</source>
            <translation>Fehlerausgabe</translation>
        </message>
        <message>
            <source>Events</source>
            <translation>Ereignisse</translation>
        </message>
        <message>
            <source>Every act stands in the palette as well.</source>
            <translation>Jede Handlung steht auch in der Palette.</translation>
        </message>
        <message>
            <source>Every request can be answered in ClawDesk.</source>
            <translation>Jede Anfrage kann in ClawDesk beantwortet werden.</translation>
        </message>
        <message>
            <source>Export a report of the chosen task…</source>
            <translation>Bericht der gewählten Aufgabe ausgeben…</translation>
        </message>
        <message>
            <source>Export a report of the task</source>
            <translation>Bericht der Aufgabe ausgeben</translation>
        </message>
        <message>
            <source>Export a report of {task}…</source>
            <translation>Bericht von {task} ausgeben…</translation>
        </message>
        <message>
            <source>Export the task's report</source>
            <translation>Bericht der Aufgabe ausgeben</translation>
        </message>
        <message>
            <source>Failed</source>
            <translation>Gescheitert</translation>
        </message>
        <message>
            <source>Failed in step {number}</source>
            <translation>In Schritt {number} gescheitert</translation>
        </message>
        <message>
            <source>Failed.</source>
            <translation>Gescheitert.</translation>
        </message>
        <message>
            <source>Feb</source>
            <translation>Feb</translation>
        </message>
        <message>
            <source>Feedback</source>
            <translation>Rückmeldung</translation>
        </message>
        <message>
            <source>File</source>
            <translation>Datei</translation>
        </message>
        <message>
            <source>Files</source>
            <translation>Dateien</translation>
        </message>
        <message>
            <source>Files changed</source>
            <translation>Geänderte Dateien</translation>
        </message>
        <message>
            <source>Files in conflict</source>
            <translation>Dateien im Konflikt</translation>
        </message>
        <message>
            <source>Files of the chosen task</source>
            <translation>Dateien der gewählten Aufgabe</translation>
        </message>
        <message>
            <source>Files only ({why}): the machine starts afresh with these files.</source>
            <translation>Nur Dateien ({why}): Die Maschine beginnt mit diesen Dateien neu.</translation>
        </message>
        <message>
            <source>Files, processes and memory ({size}) are as they were then.</source>
            <translation>Dateien, Prozesse und Speicher ({size}) sind wie damals.</translation>
        </message>
        <message>
            <source>Filter the log</source>
            <translation>Protokoll filtern</translation>
        </message>
        <message>
            <source>Filter the log of the chosen task</source>
            <translation>Protokoll der gewählten Aufgabe filtern</translation>
        </message>
        <message>
            <source>Filter the log of {task}</source>
            <translation>Protokoll von {task} filtern</translation>
        </message>
        <message>
            <source>Find in the conversation</source>
            <translation>Im Gespräch suchen</translation>
        </message>
        <message>
            <source>Find in the conversation of the chosen task</source>
            <translation>Im Gespräch der gewählten Aufgabe suchen</translation>
        </message>
        <message>
            <source>Find in the conversation of {task}</source>
            <translation>Im Gespräch von {task} suchen</translation>
        </message>
        <message>
            <source>Find next</source>
            <translation>Weitersuchen</translation>
        </message>
        <message>
            <source>Find tasks</source>
            <translation>Aufgaben suchen</translation>
        </message>
        <message>
            <source>Find the one before</source>
            <translation>Rückwärts suchen</translation>
        </message>
        <message>
            <source>Fingerprint {print}</source>
            <translation>Fingerabdruck {print}</translation>
        </message>
        <message>
            <source>Fit</source>
            <translation>Ganz</translation>
        </message>
        <message>
            <source>Fold or unfold the peers</source>
            <translation>Peers ein- oder ausklappen</translation>
        </message>
        <message>
            <source>Follow</source>
            <translation>Folgen</translation>
        </message>
        <message>
            <source>For</source>
            <translation>Für</translation>
        </message>
        <message>
            <source>Forgetting an answer</source>
            <translation>Vergessen einer Antwort</translation>
        </message>
        <message>
            <source>Fork</source>
            <translation>Abzweigen</translation>
        </message>
        <message>
            <source>Fork again…</source>
            <translation>Erneut abzweigen…</translation>
        </message>
        <message>
            <source>Fork from checkpoint {ordinal}</source>
            <translation>Ab Prüfpunkt {ordinal} abzweigen</translation>
        </message>
        <message>
            <source>Fork from checkpoint {ordinal}…</source>
            <translation>Ab Prüfpunkt {ordinal} abzweigen…</translation>
        </message>
        <message>
            <source>Fork the chosen task at its last checkpoint…</source>
            <translation>Gewählte Aufgabe an ihrem letzten Prüfpunkt abzweigen…</translation>
        </message>
        <message>
            <source>Fork {task} at checkpoint {ordinal}…</source>
            <translation>{task} an Prüfpunkt {ordinal} abzweigen…</translation>
        </message>
        <message>
            <source>Fork {task} at {where}?</source>
            <translation>{task} hier abzweigen: {where}?</translation>
        </message>
        <message>
            <source>Forked from</source>
            <translation>Abgezweigt von</translation>
        </message>
        <message>
            <source>Forked from {where} of the lane above, files only.</source>
            <translation>Abgezweigt von der Spur darüber ({where}), nur Dateien.</translation>
        </message>
        <message>
            <source>Forked from {where} of the lane above, with its machine.</source>
            <translation>Abgezweigt von der Spur darüber ({where}), mit ihrer Maschine.</translation>
        </message>
        <message>
            <source>Forked {task} at checkpoint {ordinal}</source>
            <translation>{task} bei Prüfpunkt {ordinal} abgezweigt</translation>
        </message>
        <message>
            <source>Forking</source>
            <translation>Wird abgezweigt</translation>
        </message>
        <message>
            <source>Fork…</source>
            <translation>Abzweigen…</translation>
        </message>
        <message>
            <source>Free</source>
            <translation>Frei</translation>
        </message>
        <message>
            <source>Free disk space.</source>
            <translation>Speicherplatz freimachen.</translation>
        </message>
        <message>
            <source>Free some disk space.</source>
            <translation>Etwas Speicherplatz freimachen.</translation>
        </message>
        <message>
            <source>Free some space on that disk, then try again. Nothing was lost.</source>
            <translation>Auf diesem Datenträger Platz schaffen, dann erneut versuchen. Nichts ging verloren.</translation>
        </message>
        <message>
            <source>Freed by</source>
            <translation>Frei durch</translation>
        </message>
        <message>
            <source>Freed by: {what}</source>
            <translation>Frei durch: {what}</translation>
        </message>
        <message>
            <source>Friday</source>
            <translation>Freitag</translation>
        </message>
        <message>
            <source>From</source>
            <translation>Von</translation>
        </message>
        <message>
            <source>From now on the other machine may use what is ticked here, and nothing else.</source>
            <translation>Von nun an darf der andere Rechner benutzen, was hier angehakt ist, und sonst nichts.</translation>
        </message>
        <message>
            <source>GPU is lost: it does not answer its driver; restart this machine if it stays away</source>
            <translation>Die GPU ist verloren: Sie antwortet ihrem Treiber nicht; den Rechner neu starten, wenn sie wegbleibt</translation>
        </message>
        <message>
            <source>GPU-hours</source>
            <translation>GPU-Stunden</translation>
        </message>
        <message>
            <source>GPU-hours after which it pauses and asks</source>
            <translation>GPU-Stunden, nach denen es pausiert und fragt</translation>
        </message>
        <message>
            <source>GPU-seconds not known</source>
            <translation>GPU-Sekunden unbekannt</translation>
        </message>
        <message>
            <source>GPU-seconds not known: the model runs elsewhere</source>
            <translation>GPU-Sekunden unbekannt: das Modell läuft anderswo</translation>
        </message>
        <message>
            <source>GPUs</source>
            <translation>GPUs</translation>
        </message>
        <message>
            <source>Gave its machine back at {where}{reason}.</source>
            <translation>Gab ihre Maschine ab: {where}{reason}.</translation>
        </message>
        <message>
            <source>Gave way</source>
            <translation>Machte Platz</translation>
        </message>
        <message>
            <source>GiB of memory</source>
            <translation>GiB Speicher</translation>
        </message>
        <message>
            <source>Git does not know your name, and a merge is a commit of yours.</source>
            <translation>Git kennt den eigenen Namen nicht, und eine Zusammenführung ist ein eigener Commit.</translation>
        </message>
        <message>
            <source>Git hook</source>
            <translation>Git-Hook</translation>
        </message>
        <message>
            <source>Git obeys it in your copy</source>
            <translation>Git befolgt sie in der eigenen Kopie</translation>
        </message>
        <message>
            <source>Git setting</source>
            <translation>Git-Einstellung</translation>
        </message>
        <message>
            <source>Given up after {count} attempts: {why}</source>
            <translation>Nach {count} Versuchen aufgegeben: {why}</translation>
        </message>
        <message>
            <source>Go back to an earlier checkpoint, or run the task again.</source>
            <translation>Zu einem früheren Prüfpunkt zurückgehen oder die Aufgabe neu ausführen.</translation>
        </message>
        <message>
            <source>Go back…</source>
            <translation>Zurückgehen…</translation>
        </message>
        <message>
            <source>Go to the next pane</source>
            <translation>Zum nächsten Bereich</translation>
        </message>
        <message>
            <source>Goes on when {event}.</source>
            <translation>Geht weiter, wenn dies eintritt: {event}.</translation>
        </message>
        <message>
            <source>Going back to checkpoint {ordinal}.</source>
            <translation>Es geht zurück zu Prüfpunkt {ordinal}.</translation>
        </message>
        <message>
            <source>Going back to the start.</source>
            <translation>Es geht zurück zum Start.</translation>
        </message>
        <message>
            <source>Guest images</source>
            <translation>Gastabbilder</translation>
        </message>
        <message>
            <source>Guest images of older versions</source>
            <translation>Gastabbilder älterer Versionen</translation>
        </message>
        <message>
            <source>Held</source>
            <translation>Angehalten</translation>
        </message>
        <message>
            <source>Held the model {model} for {time}.</source>
            <translation>Hielt das Modell {model} für {time}.</translation>
        </message>
        <message>
            <source>Held the model {model} since {time}.</source>
            <translation>Hält das Modell {model} seit {time}.</translation>
        </message>
        <message>
            <source>Help</source>
            <translation>Hilfe</translation>
        </message>
        <message>
            <source>Hide</source>
            <translation>Ausblenden</translation>
        </message>
        <message>
            <source>Hide how to mend {name}</source>
            <translation>Abhilfe für {name} ausblenden</translation>
        </message>
        <message>
            <source>Holds</source>
            <translation>Gilt</translation>
        </message>
        <message>
            <source>Hosts that images of ClawDesk's own agents, and nothing else, are set up from</source>
            <translation>Rechner, von denen Abbilder von ClawDesks eigenen Agenten eingerichtet werden, und nichts sonst</translation>
        </message>
        <message>
            <source>Hosts that its tasks may reach; none is the default</source>
            <translation>Rechner, die seine Aufgaben erreichen dürfen; Vorgabe ist keiner</translation>
        </message>
        <message>
            <source>How far a process's own suggestion counts, up or down</source>
            <translation>Wie weit der eigene Vorschlag eines Ablaufs zählt, nach oben oder unten</translation>
        </message>
        <message>
            <source>How long an approval waits before that</source>
            <translation>Wie lange eine Freigabe bis dahin wartet</translation>
        </message>
        <message>
            <source>How many</source>
            <translation>Wie viele</translation>
        </message>
        <message>
            <source>How often its tasks are expected to reach a checkpoint</source>
            <translation>Wie oft seine Aufgaben einen Prüfpunkt erreichen sollen</translation>
        </message>
        <message>
            <source>Hunk</source>
            <translation>Teil</translation>
        </message>
        <message>
            <source>If a backup has them, bring them back and try again; else submit it anew.</source>
            <translation>Falls eine Sicherung sie hat, holen Sie sie zurück und versuchen es noch einmal; sonst reichen Sie sie neu ein.</translation>
        </message>
        <message>
            <source>If it comes again, restart the window. Report: {path}</source>
            <translation>Kommt es wieder, das Fenster neu starten. Bericht: {path}</translation>
        </message>
        <message>
            <source>If its image was not built yet it cannot be: name the hosts packages come from in {file}, under [network] allow.</source>
            <translation>Wurde sein Abbild noch nicht gebaut, so kann es das nicht werden: nennen Sie in {file} unter [network] allow die Rechner, von denen Pakete kommen.</translation>
        </message>
        <message>
            <source>If the other machine lists this one all the same, revoke it there.</source>
            <translation>Wenn der andere Rechner diesen dennoch aufführt, widerrufen Sie ihn dort.</translation>
        </message>
        <message>
            <source>Images of ClawDesk's own agents may be set up from no host.</source>
            <translation>Abbilder von ClawDesks eigenen Agenten dürfen von keinem Rechner eingerichtet werden.</translation>
        </message>
        <message>
            <source>Images of ClawDesk's own agents may be set up from {hosts} ({file}, line {number}).</source>
            <translation>Abbilder von ClawDesks eigenen Agenten dürfen von {hosts} eingerichtet werden ({file}, Zeile {number}).</translation>
        </message>
        <message>
            <source>Images of agents may be set up from nowhere any more. Those that are built stay.</source>
            <translation>Abbilder von Agenten dürfen von nirgends mehr eingerichtet werden. Gebaute bleiben.</translation>
        </message>
        <message>
            <source>Images of agents may be set up from {hosts}.</source>
            <translation>Abbilder von Agenten dürfen von {hosts} eingerichtet werden.</translation>
        </message>
        <message>
            <source>In a dialog</source>
            <translation>In einem Dialog</translation>
        </message>
        <message numerus="yes">
            <source>In force; {count} rules of this machine stand in it.</source>
            <extracomment>For one: In force; {count} rule of this machine stands in it.</extracomment>
            <translation>
                <numerusform>In Kraft; {count} Regel dieses Rechners steht darin.</numerusform>
                <numerusform>In Kraft; {count} Regeln dieses Rechners stehen darin.</numerusform>
            </translation>
        </message>
        <message>
            <source>Inbox</source>
            <translation>Eingang</translation>
        </message>
        <message>
            <source>Inbox, {count} need you</source>
            <translation>Eingang, {count} offen</translation>
        </message>
        <message>
            <source>Include my changes</source>
            <translation>Eigene Änderungen mitgeben</translation>
        </message>
        <message>
            <source>Interactive goes before agent, agent before batch</source>
            <translation>Interaktiv geht vor Agent, Agent vor Stapel</translation>
        </message>
        <message>
            <source>Into branch</source>
            <translation>In den Zweig</translation>
        </message>
        <message>
            <source>Invitation</source>
            <translation>Einladung</translation>
        </message>
        <message>
            <source>Invitation for another machine</source>
            <translation>Einladung für einen anderen Rechner</translation>
        </message>
        <message>
            <source>Invite a machine</source>
            <translation>Einen Rechner einladen</translation>
        </message>
        <message>
            <source>Invite a machine as a peer…</source>
            <translation>Einen Rechner als Peer einladen …</translation>
        </message>
        <message>
            <source>Invite a machine…</source>
            <translation>Einen Rechner einladen …</translation>
        </message>
        <message>
            <source>Isolation</source>
            <translation>Abschottung</translation>
        </message>
        <message>
            <source>It asks</source>
            <translation>Es fragt</translation>
        </message>
        <message>
            <source>It asks: {question}</source>
            <translation>Frage: {question}</translation>
        </message>
        <message>
            <source>It can use {models} of this machine no more.</source>
            <translation>Er kann {models} dieses Rechners nicht mehr benutzen.</translation>
        </message>
        <message>
            <source>It comes to this machine; its own address is not known.</source>
            <translation>Er kommt zu diesem Rechner; seine eigene Adresse ist nicht bekannt.</translation>
        </message>
        <message>
            <source>It connects to</source>
            <translation>Verbindet sich mit</translation>
        </message>
        <message>
            <source>It could not be looked at; the reason stands above.</source>
            <translation>Er konnte nicht untersucht werden; der Grund steht oben.</translation>
        </message>
        <message>
            <source>It could not be read: {why}</source>
            <translation>Nicht lesbar: {why}</translation>
        </message>
        <message>
            <source>It did not answer within {seconds} s.</source>
            <translation>Keine Antwort innerhalb von {seconds} s.</translation>
        </message>
        <message>
            <source>It fits: {free}.</source>
            <translation>Es passt: {free}.</translation>
        </message>
        <message>
            <source>It gets</source>
            <translation>Sie erhält</translation>
        </message>
        <message>
            <source>It had printed nothing.</source>
            <translation>Es wurde nichts ausgegeben.</translation>
        </message>
        <message>
            <source>It has no project file: the defaults count, and ask for nothing.</source>
            <translation>Es hat keine Projektdatei: Die Vorgaben gelten und verlangen nichts.</translation>
        </message>
        <message>
            <source>It is not done here, because {why}. Nothing was undone.</source>
            <translation>Das geschieht hier nicht, denn: {why}. Nichts wurde rückgängig gemacht.</translation>
        </message>
        <message>
            <source>It is not known what was before that merge. Nothing was undone.</source>
            <translation>Was vor dieser Zusammenführung war, ist nicht bekannt. Nichts wurde rückgängig gemacht.</translation>
        </message>
        <message>
            <source>It is not trusted any more. Tasks that have a machine keep it until they next give it back; the others wait.</source>
            <translation>Dem wird nicht mehr vertraut. Aufgaben mit einer Maschine behalten sie, bis sie sie das nächste Mal abgeben; die anderen warten.</translation>
        </message>
        <message>
            <source>It is pinned, and will no longer be.</source>
            <translation>Es ist angeheftet und wird es danach nicht mehr sein.</translation>
        </message>
        <message>
            <source>It is void: too many came with a wrong proof.</source>
            <translation>Sie ist ungültig: zu viele kamen mit einem falschen Nachweis.</translation>
        </message>
        <message>
            <source>It is withdrawn, and lets nobody in.</source>
            <translation>Sie ist zurückgezogen und lässt niemanden ein.</translation>
        </message>
        <message>
            <source>It is written into {path}, as the table {table}. All else in the file stays.</source>
            <translation>Es wird in {path} geschrieben, als Tabelle {table}. Alles andere in der Datei bleibt.</translation>
        </message>
        <message>
            <source>It keeps its machine: {why}</source>
            <translation>Sie behält ihre Maschine: {why}</translation>
        </message>
        <message>
            <source>It may use</source>
            <translation>Darf benutzen</translation>
        </message>
        <message>
            <source>It may use nothing of this machine. You can lend it models later: “Lend models…” in its menu.</source>
            <translation>Er darf nichts von diesem Rechner benutzen. Modelle können Sie ihm später leihen: „Modelle leihen…“ in seinem Menü.</translation>
        </message>
        <message>
            <source>It may use {models}, {calls} at a time, and only after all calls of your own: where one of yours needs the room, its newest call ends. It reaches nothing else here.</source>
            <translation>Er darf {models} benutzen, {calls} zugleich, und nur nach allen eigenen Aufrufen: wo einer der Ihren den Platz braucht, endet sein neuester Aufruf. Sonst erreicht er hier nichts.</translation>
        </message>
        <message>
            <source>It names no model.</source>
            <translation>Sie nennt kein Modell.</translation>
        </message>
        <message>
            <source>It never fits: it needs {needed}, this machine has {total}.</source>
            <translation>Es passt nie: Nötig sind {needed}, dieser Rechner hat {total}.</translation>
        </message>
        <message>
            <source>It opens again as soon as that is done.</source>
            <translation>Danach öffnet sich das Fenster wieder.</translation>
        </message>
        <message>
            <source>It shows no buttons: open the window to decide.</source>
            <translation>Sie zeigen keine Knöpfe: zum Entscheiden das Fenster öffnen.</translation>
        </message>
        <message>
            <source>It takes</source>
            <translation>Sie kostet</translation>
        </message>
        <message>
            <source>It was away for {time}.</source>
            <translation>Sie war {time} weg.</translation>
        </message>
        <message>
            <source>It was followed, but who came could not be kept as a peer.</source>
            <translation>Ihr wurde gefolgt, doch wer kam, konnte nicht als Peer behalten werden.</translation>
        </message>
        <message>
            <source>It was never restored: choose a checkpoint instead.</source>
            <translation>Sie wurde nie zurückgesetzt: stattdessen einen Prüfpunkt wählen.</translation>
        </message>
        <message>
            <source>It was not trusted; nothing changed.</source>
            <translation>Es war nicht vertraut; nichts hat sich geändert.</translation>
        </message>
        <message>
            <source>It was to give its machine back, and keeps it: checkpoint {ordinal} holds files only ({why}), and its step would begin again.</source>
            <translation>Sie sollte ihre Maschine zurückgeben und behält sie: Prüfpunkt {ordinal} enthält nur Dateien ({why}), und ihr Schritt würde von vorn beginnen.</translation>
        </message>
        <message>
            <source>It was to give its machine back, and keeps it: checkpoint {ordinal} holds files only ({why}), and its step would begin again. It leaves at the next one that keeps its memory, or when its step ends.</source>
            <translation>Sie sollte ihre Maschine zurückgeben und behält sie: Prüfpunkt {ordinal} enthält nur Dateien ({why}), und ihr Schritt würde von vorn beginnen. Sie geht beim nächsten, der ihren Speicher behält, oder wenn ihr Schritt endet.</translation>
        </message>
        <message>
            <source>It will wait for your trust: {asks}.</source>
            <translation>Sie wird auf Vertrauen warten: {asks}.</translation>
        </message>
        <message>
            <source>It will wait: it needs {needed}; {free}.</source>
            <translation>Sie wird warten: Nötig sind {needed}; {free}.</translation>
        </message>
        <message>
            <source>It will wait: {peer} is {state}.</source>
            <translation>Sie wird warten: {peer} ist {state}.</translation>
        </message>
        <message>
            <source>It will wait: {why}</source>
            <translation>Sie wird warten: {why}</translation>
        </message>
        <message>
            <source>It works in steps</source>
            <translation>Sie arbeitet in Schritten</translation>
        </message>
        <message>
            <source>It works with a model, and none can be had: {why}</source>
            <translation>Er arbeitet mit einem Modell, und keines ist zu haben: {why}</translation>
        </message>
        <message>
            <source>It works with a model. The model service was not asked yet.</source>
            <translation>Er arbeitet mit einem Modell. Der Modelldienst wurde noch nicht gefragt.</translation>
        </message>
        <message>
            <source>It works with a model: choose one.</source>
            <translation>Er arbeitet mit einem Modell: wählen Sie eines.</translation>
        </message>
        <message>
            <source>Its agent has not ended a turn yet, so there is nowhere to prompt it.</source>
            <translation>Ihr Agent hat noch keine Runde beendet, daher gibt es keine Stelle für eine Anweisung.</translation>
        </message>
        <message>
            <source>Its agent's image cannot be built yet.</source>
            <translation>Das Abbild ihres Agenten kann noch nicht gebaut werden.</translation>
        </message>
        <message>
            <source>Its calls here: {calls}</source>
            <translation>Seine Aufrufe hier: {calls}</translation>
        </message>
        <message>
            <source>Its class is {name}, as of every task here{by}.</source>
            <translation>Ihre Klasse ist {name}, wie die jeder Aufgabe hier{by}.</translation>
        </message>
        <message>
            <source>Its file asks for more than usual; its tasks wait for your trust.</source>
            <translation>Die Datei verlangt mehr als üblich; ihre Aufgaben warten auf Vertrauen.</translation>
        </message>
        <message>
            <source>Its file asks for nothing beyond the usual; it needs no trust.</source>
            <translation>Die Datei verlangt nichts Ungewöhnliches; Vertrauen ist nicht nötig.</translation>
        </message>
        <message>
            <source>Its image cannot be built: {why}</source>
            <translation>Ihr Abbild kann nicht gebaut werden: {why}</translation>
        </message>
        <message>
            <source>Its image is being built: {step}, {seconds} s.</source>
            <translation>Ihr Abbild wird gebaut: {step}, {seconds} s.</translation>
        </message>
        <message>
            <source>Its image is built first, where that was not done yet.</source>
            <translation>Ihr Abbild wird zuerst gebaut, wo das noch nicht geschah.</translation>
        </message>
        <message>
            <source>Its image is not there yet.</source>
            <translation>Ihr Abbild ist noch nicht da.</translation>
        </message>
        <message>
            <source>Its image is there.</source>
            <translation>Ihr Abbild ist da.</translation>
        </message>
        <message>
            <source>Its machine could not be shared with the fork.</source>
            <translation>Ihre Maschine ließ sich nicht mit der Abzweigung teilen.</translation>
        </message>
        <message>
            <source>Its machine is being looked for after a restart; try again in a moment.</source>
            <translation>Ihre Maschine wird nach einem Neustart gesucht; gleich noch einmal versuchen.</translation>
        </message>
        <message>
            <source>Its machine is destroyed and the task ends. Its checkpoints stay in Git and can be looked at; it cannot go on.</source>
            <translation>Ihre Maschine wird zerstört, und die Aufgabe endet. Ihre Prüfpunkte bleiben in Git und lassen sich ansehen; weitergehen kann sie nicht.</translation>
        </message>
        <message>
            <source>Its machine was given up {days} days after the task had ended.</source>
            <translation>Ihre Maschine wurde {days} Tage nach dem Ende der Aufgabe aufgegeben.</translation>
        </message>
        <message>
            <source>Its machine was given up: all snapshots have {size} GiB at most.</source>
            <translation>Ihre Maschine wurde aufgegeben: Alle Schnappschüsse haben höchstens {size} GiB.</translation>
        </message>
        <message>
            <source>Its machine was removed after the merge.</source>
            <translation>Ihre Maschine wurde nach der Zusammenführung entfernt.</translation>
        </message>
        <message>
            <source>Its machine was removed at the task's end: secrets were in its memory.</source>
            <translation>Ihre Maschine wurde am Ende der Aufgabe entfernt: In ihrem Speicher waren Geheimnisse.</translation>
        </message>
        <message>
            <source>Its machine was removed by prune.</source>
            <translation>Ihre Maschine wurde beim Aufräumen entfernt.</translation>
        </message>
        <message>
            <source>Its machine was removed when the task was cancelled.</source>
            <translation>Ihre Maschine wurde beim Abbruch der Aufgabe entfernt.</translation>
        </message>
        <message>
            <source>Its memory is free for other models afterwards.</source>
            <translation>Danach ist sein Speicher für andere Modelle frei.</translation>
        </message>
        <message>
            <source>Its memory was given back: {why}; its snapshot waits for you.</source>
            <translation>Ihr Speicher wurde zurückgegeben: {why}; ihr Schnappschuss wartet.</translation>
        </message>
        <message>
            <source>Its memory was given back; its snapshot waits for you.</source>
            <translation>Ihr Speicher wurde zurückgegeben; ihr Schnappschuss wartet.</translation>
        </message>
        <message>
            <source>Its models stand on the page of models, and can be named in a task.</source>
            <translation>Seine Modelle stehen auf der Seite der Modelle und können in einer Aufgabe genannt werden.</translation>
        </message>
        <message>
            <source>Its share of this machine while several projects want it</source>
            <translation>Sein Anteil an diesem Rechner, während mehrere Projekte ihn brauchen</translation>
        </message>
        <message>
            <source>Its steps can read {names}.</source>
            <translation>Ihre Schritte können {names} lesen.</translation>
        </message>
        <message>
            <source>Its task files have mistakes; the list on the left names them.</source>
            <translation>Seine Aufgabendateien haben Fehler; die Liste links nennt sie.</translation>
        </message>
        <message>
            <source>Its time is over; nobody came.</source>
            <translation>Ihre Zeit ist um; niemand kam.</translation>
        </message>
        <message>
            <source>Jan</source>
            <translation>Jan</translation>
        </message>
        <message>
            <source>Jul</source>
            <translation>Jul</translation>
        </message>
        <message>
            <source>Jun</source>
            <translation>Jun</translation>
        </message>
        <message>
            <source>Keep all for now</source>
            <translation>Vorerst alle behalten</translation>
        </message>
        <message>
            <source>Keep it</source>
            <translation>Behalten</translation>
        </message>
        <message>
            <source>Keep it running</source>
            <translation>Weiterlaufen lassen</translation>
        </message>
        <message>
            <source>Keep or cancel your comment first.</source>
            <translation>Zuerst den Kommentar behalten oder verwerfen.</translation>
        </message>
        <message>
            <source>Keep the chosen fork; the others end…</source>
            <translation>Gewählte Abzweigung behalten; die anderen enden…</translation>
        </message>
        <message>
            <source>Keep this one</source>
            <translation>Diese behalten</translation>
        </message>
        <message>
            <source>Keep {letter}…</source>
            <translation>{letter} behalten…</translation>
        </message>
        <message>
            <source>Keep {mark}…</source>
            <translation>{mark} behalten…</translation>
        </message>
        <message>
            <source>Keep {task}; the other forks end…</source>
            <translation>{task} behalten; die anderen Zweige enden…</translation>
        </message>
        <message>
            <source>Keep {task}?</source>
            <translation>{task} behalten?</translation>
        </message>
        <message>
            <source>Keeping {title}</source>
            <translation>{title} wird behalten</translation>
        </message>
        <message>
            <source>Kept with each task in Git; approvals and answers stand in its log.</source>
            <translation>Bei jeder Aufgabe in Git aufbewahrt; Freigaben und Antworten stehen in ihrem Protokoll.</translation>
        </message>
        <message>
            <source>Kept {task}</source>
            <translation>{task} behalten</translation>
        </message>
        <message>
            <source>Kept: {task}. Others ended now: {count}; before: {before}. All commits stay.</source>
            <translation>Behalten: {task}. Andere jetzt beendet: {count}; vorher: {before}. Alle Commits bleiben.</translation>
        </message>
        <message>
            <source>Key {number}. {note}</source>
            <translation>Taste {number}. {note}</translation>
        </message>
        <message>
            <source>Kind of line</source>
            <translation>Art der Zeilen</translation>
        </message>
        <message>
            <source>Known by</source>
            <translation>Bekannt an</translation>
        </message>
        <message>
            <source>Language</source>
            <translation>Sprache</translation>
        </message>
        <message>
            <source>Last output</source>
            <translation>Letzte Ausgabe</translation>
        </message>
        <message>
            <source>Later</source>
            <translation>Später</translation>
        </message>
        <message>
            <source>Layers set up on them</source>
            <translation>Darauf eingerichtete Schichten</translation>
        </message>
        <message>
            <source>Leave out</source>
            <translation>Auslassen</translation>
        </message>
        <message>
            <source>Leave out file</source>
            <translation>Datei auslassen</translation>
        </message>
        <message>
            <source>Leave out hunk</source>
            <translation>Teil auslassen</translation>
        </message>
        <message>
            <source>Lend models to {peer}</source>
            <translation>Modelle an {peer} leihen</translation>
        </message>
        <message>
            <source>Lend models to {peer}…</source>
            <translation>Modelle an {peer} leihen…</translation>
        </message>
        <message>
            <source>Lend models…</source>
            <translation>Modelle leihen…</translation>
        </message>
        <message>
            <source>Lent now</source>
            <translation>Jetzt geliehen</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>Hell</translation>
        </message>
        <message>
            <source>Lines: memory in use or promised, last 10 minutes</source>
            <translation>Linien: belegter oder zugesagter Speicher, letzte 10 Minuten</translation>
        </message>
        <message>
            <source>Listen and make the invitation</source>
            <translation>Erreichbar werden und einladen</translation>
        </message>
        <message>
            <source>Listen at</source>
            <translation>Erreichbar unter</translation>
        </message>
        <message>
            <source>Listen for peers no longer?</source>
            <translation>Für Peers nicht mehr erreichbar sein?</translation>
        </message>
        <message>
            <source>Listen for peers no longer…</source>
            <translation>Für Peers nicht mehr erreichbar sein …</translation>
        </message>
        <message>
            <source>Load</source>
            <translation>Laden</translation>
        </message>
        <message>
            <source>Load it and keep it loaded until you unpin it</source>
            <translation>Laden und geladen halten, bis es gelöst wird</translation>
        </message>
        <message>
            <source>Load {model}</source>
            <translation>{model} laden</translation>
        </message>
        <message>
            <source>Loading</source>
            <translation>Lädt</translation>
        </message>
        <message>
            <source>Loading checkpoint {ordinal}…</source>
            <translation>Prüfpunkt {ordinal} wird geladen…</translation>
        </message>
        <message>
            <source>Loading {model}</source>
            <translation>{model} wird geladen</translation>
        </message>
        <message>
            <source>Log</source>
            <translation>Protokoll</translation>
        </message>
        <message>
            <source>Look at the address ({address}), or start it: openclaw gateway start</source>
            <translation>Die Adresse ({address}) prüfen oder starten: openclaw gateway start</translation>
        </message>
        <message>
            <source>Look at the conflicts again.</source>
            <translation>Die Konflikte erneut ansehen.</translation>
        </message>
        <message>
            <source>Look at what that is, or save under another name.</source>
            <translation>Nachsehen, was das ist, oder unter einem anderen Namen sichern.</translation>
        </message>
        <message>
            <source>Looked through: {filter}.</source>
            <translation>Durchsucht: {filter}.</translation>
        </message>
        <message>
            <source>Looking at this machine…</source>
            <translation>Dieser Rechner wird angesehen…</translation>
        </message>
        <message>
            <source>Looking at, comparing and merging what was done. Tasks wait and run nowhere else.</source>
            <translation>Ansehen, vergleichen und zusammenführen, was getan ist. Aufgaben warten und laufen nirgends sonst.</translation>
        </message>
        <message>
            <source>Looking for the gateway</source>
            <translation>Das Gateway wird gesucht</translation>
        </message>
        <message>
            <source>Looking for the model service…</source>
            <translation>Der Modelldienst wird gesucht…</translation>
        </message>
        <message>
            <source>Looks</source>
            <translation>Aussehen</translation>
        </message>
        <message>
            <source>Lost {count} machines: {why}</source>
            <translation>{count} Maschinen verloren: {why}</translation>
        </message>
        <message>
            <source>Machine</source>
            <translation>Maschine</translation>
        </message>
        <message>
            <source>Machine and models</source>
            <translation>Rechner und Modelle</translation>
        </message>
        <message>
            <source>Machine at</source>
            <translation>Rechner unter</translation>
        </message>
        <message>
            <source>Machine files</source>
            <translation>Maschinendateien</translation>
        </message>
        <message>
            <source>Machines above that, while nobody else needs them</source>
            <translation>Maschinen darüber hinaus, solange niemand sonst sie braucht</translation>
        </message>
        <message>
            <source>Machines are emulated (TCG): correct, but several times slower.</source>
            <translation>Maschinen werden emuliert (TCG): richtig, aber um ein Mehrfaches langsamer.</translation>
        </message>
        <message>
            <source>Machines are emulated (TCG): correct, but several times slower. CLAWDESK_ACCEL=tcg asks for it.</source>
            <translation>Maschinen werden emuliert (TCG): richtig, aber um ein Mehrfaches langsamer. CLAWDESK_ACCEL=tcg verlangt es.</translation>
        </message>
        <message>
            <source>Machines are emulated (TCG): correct, but several times slower. This host has no {device}.</source>
            <translation>Maschinen werden emuliert (TCG): richtig, aber um ein Mehrfaches langsamer. Dieser Rechner hat kein {device}.</translation>
        </message>
        <message>
            <source>Machines are not confined.</source>
            <translation>Maschinen sind nicht eingeschlossen.</translation>
        </message>
        <message>
            <source>Machines at once, on top of what memory and CPUs allow</source>
            <translation>Maschinen zugleich, zusätzlich zu dem, was Speicher und CPUs erlauben</translation>
        </message>
        <message>
            <source>Machines have nothing to boot.</source>
            <translation>Maschinen haben nichts zum Starten.</translation>
        </message>
        <message>
            <source>Machines it gets back from others at their next checkpoint</source>
            <translation>Maschinen, die es von anderen an deren nächstem Prüfpunkt zurückbekommt</translation>
        </message>
        <message>
            <source>Machines run under emulation, several times slower.</source>
            <translation>Maschinen laufen emuliert, um ein Mehrfaches langsamer.</translation>
        </message>
        <message>
            <source>Machines that run</source>
            <translation>Laufende Maschinen</translation>
        </message>
        <message>
            <source>Machines that use models of this one cannot reach it any more, and their calls end. They stay paired. What this machine uses of others goes on.</source>
            <translation>Rechner, die Modelle von diesem benutzen, erreichen ihn nicht mehr, und ihre Aufrufe enden. Sie bleiben gekoppelt. Was dieser Rechner von anderen benutzt, geht weiter.</translation>
        </message>
        <message>
            <source>Made the branch {branch}.</source>
            <translation>Der Zweig {branch} ist angelegt.</translation>
        </message>
        <message>
            <source>Make a first commit: git -C {path} add -A &amp;&amp; git -C {same_path} commit -m "First"</source>
            <translation>Einen ersten Commit machen: git -C {path} add -A &amp;&amp; git -C {same_path} commit -m "First"</translation>
        </message>
        <message>
            <source>Make a new one…</source>
            <translation>Eine neue machen …</translation>
        </message>
        <message>
            <source>Make it a folder that you may write to, or name another one by CLAWDESK_DATA_DIR.</source>
            <translation>Ihn beschreibbar machen, oder mit CLAWDESK_DATA_DIR einen anderen nennen.</translation>
        </message>
        <message>
            <source>Make the invitation</source>
            <translation>Einladung machen</translation>
        </message>
        <message>
            <source>Make {count} forks</source>
            <translation>{count} Abzweigungen</translation>
        </message>
        <message>
            <source>Makes an invitation that you carry to the other machine. Whoever follows it may use what you choose here, and nothing else. It holds for ten minutes, once.</source>
            <translation>Macht eine Einladung, die Sie zum anderen Rechner bringen. Wer ihr folgt, darf benutzen, was Sie hier wählen, und sonst nichts. Sie gilt zehn Minuten, einmal.</translation>
        </message>
        <message>
            <source>Makes room for {model}</source>
            <translation>Macht Platz für {model}</translation>
        </message>
        <message>
            <source>Makes the checkpoint once more, of the machine as it is now.</source>
            <translation>Macht den Prüfpunkt noch einmal, von der Maschine, wie sie jetzt ist.</translation>
        </message>
        <message>
            <source>Making the invitation</source>
            <translation>Die Einladung wird gemacht</translation>
        </message>
        <message>
            <source>Making the sample project</source>
            <translation>Beispielprojekt wird angelegt</translation>
        </message>
        <message>
            <source>Mar</source>
            <translation>Mär</translation>
        </message>
        <message>
            <source>Markdown (*.md)</source>
            <translation>Markdown (*.md)</translation>
        </message>
        <message>
            <source>May</source>
            <translation>Mai</translation>
        </message>
        <message>
            <source>Measured</source>
            <translation>Gemessen</translation>
        </message>
        <message>
            <source>Memory</source>
            <translation>Speicher</translation>
        </message>
        <message>
            <source>Memory above that, while nobody else needs it</source>
            <translation>Speicher darüber hinaus, solange niemand sonst ihn braucht</translation>
        </message>
        <message>
            <source>Memory it gets back from others at their next checkpoint</source>
            <translation>Speicher, den es von anderen an deren nächstem Prüfpunkt zurückbekommt</translation>
        </message>
        <message>
            <source>Memory kept</source>
            <translation>Gesichert</translation>
        </message>
        <message>
            <source>Memory ran out: the machine has {memory}, and its kernel ended {count} of the task's programs. Give the task more by memory_mib under [machine] in its file.</source>
            <translation>Der Speicher ging aus: Die Maschine hat {memory}, und ihr Kernel beendete {count} der Programme der Aufgabe. Mehr Speicher bekommt sie durch memory_mib unter [machine] in ihrer Datei.</translation>
        </message>
        <message>
            <source>Memory that the desktop keeps for itself</source>
            <translation>Speicher, den der Desktop für sich behält</translation>
        </message>
        <message>
            <source>Menu of all acts</source>
            <translation>Menü aller Handlungen</translation>
        </message>
        <message>
            <source>Merge</source>
            <translation>Zusammenführen</translation>
        </message>
        <message>
            <source>Merge the chosen task…</source>
            <translation>Gewählte Aufgabe zusammenführen…</translation>
        </message>
        <message>
            <source>Merge with these</source>
            <translation>Damit zusammenführen</translation>
        </message>
        <message>
            <source>Merge {task}…</source>
            <translation>{task} zusammenführen…</translation>
        </message>
        <message>
            <source>Merge {title}?</source>
            <translation>{title} zusammenführen?</translation>
        </message>
        <message>
            <source>Merged into</source>
            <translation>Zusammengeführt in</translation>
        </message>
        <message>
            <source>Merged into {branch}.</source>
            <translation>In {branch} zusammengeführt.</translation>
        </message>
        <message>
            <source>Merged into {branch}; your files are up to date.</source>
            <translation>In {branch} zusammengeführt; die eigenen Dateien sind auf dem neuen Stand.</translation>
        </message>
        <message>
            <source>Merged {task} into {branch}</source>
            <translation>{task} in {branch} zusammengeführt</translation>
        </message>
        <message>
            <source>Merged {title}</source>
            <translation>{title} ist zusammengeführt</translation>
        </message>
        <message>
            <source>Merge…</source>
            <translation>Zusammenführen…</translation>
        </message>
        <message>
            <source>Merging</source>
            <translation>Wird zusammengeführt</translation>
        </message>
        <message>
            <source>MiB of memory</source>
            <translation>MiB Speicher</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Model calls</source>
            <translation>Modellaufrufe</translation>
        </message>
        <message>
            <source>Models</source>
            <translation>Modelle</translation>
        </message>
        <message>
            <source>Models and GPUs</source>
            <translation>Modelle und GPUs</translation>
        </message>
        <message>
            <source>Models and GPUs: what is loaded, who waits</source>
            <translation>Modelle und GPUs: was geladen ist, wer wartet</translation>
        </message>
        <message>
            <source>Models cannot be started: {why}. What is loaded goes on.</source>
            <translation>Modelle lassen sich nicht starten: {why}. Was geladen ist, läuft weiter.</translation>
        </message>
        <message>
            <source>Models on processors count by their promise; their use is not measured.</source>
            <translation>Modelle auf Prozessoren zählen mit ihrer Zusage; ihre Nutzung wird nicht gemessen.</translation>
        </message>
        <message>
            <source>Monday</source>
            <translation>Montag</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>Name</translation>
        </message>
        <message>
            <source>Name the address at which the other machine finds this one, such as {address}: 0.0.0.0 stands for all of them.</source>
            <translation>Nennen Sie die Adresse, unter der die andere Maschine diese findet, etwa {address}: 0.0.0.0 steht für alle.</translation>
        </message>
        <message>
            <source>Name the hosts packages come from in {file}, under [network] allow.</source>
            <translation>Nennen Sie in {file} unter [network] allow die Rechner, von denen Pakete kommen.</translation>
        </message>
        <message>
            <source>Needs you</source>
            <translation>Offen</translation>
        </message>
        <message>
            <source>Neither machine reaches the other any more. To undo it, both have to be paired again, by a new invitation.</source>
            <translation>Keiner der beiden Rechner erreicht den anderen noch. Rückgängig macht das nur eine neue Einladung, mit der beide neu gekoppelt werden.</translation>
        </message>
        <message>
            <source>Network</source>
            <translation>Netzwerk</translation>
        </message>
        <message>
            <source>New task</source>
            <translation>Neue Aufgabe</translation>
        </message>
        <message>
            <source>New task in {project}</source>
            <translation>Neue Aufgabe in {project}</translation>
        </message>
        <message>
            <source>New task…</source>
            <translation>Neue Aufgabe…</translation>
        </message>
        <message>
            <source>Next change (N)</source>
            <translation>Nächste Änderung (N)</translation>
        </message>
        <message>
            <source>Next request</source>
            <translation>Nächste Anfrage</translation>
        </message>
        <message>
            <source>Next step: {what}</source>
            <translation>Nächster Schritt: {what}</translation>
        </message>
        <message>
            <source>No ClawDesk is running that could go on with it.</source>
            <translation>Es läuft kein ClawDesk, das sie fortsetzen könnte.</translation>
        </message>
        <message>
            <source>No Docker engine answers.</source>
            <translation>Keine Docker-Engine antwortet.</translation>
        </message>
        <message>
            <source>No checkpoint yet, so no changes to show.</source>
            <translation>Noch kein Prüfpunkt, daher keine Änderungen.</translation>
        </message>
        <message>
            <source>No checkpoint yet. Each step ends in one; you can go back to any.</source>
            <translation>Noch kein Prüfpunkt. Jeder Schritt endet in einem; zu jedem führt ein Weg zurück.</translation>
        </message>
        <message>
            <source>No checkpoint {ordinal}; there are: {ordinals}.</source>
            <translation>Kein Prüfpunkt {ordinal}; es gibt: {ordinals}.</translation>
        </message>
        <message>
            <source>No ended task has a snapshot that old.</source>
            <translation>Keine beendete Aufgabe hat einen so alten Schnappschuss.</translation>
        </message>
        <message>
            <source>No file differs from the start.</source>
            <translation>Keine Datei ist anders als am Anfang.</translation>
        </message>
        <message>
            <source>No file is ticked. To send all of it back, say why and reject it.</source>
            <translation>Keine Datei ist angehakt. Um alles zurückzugeben, mit einer Begründung ablehnen.</translation>
        </message>
        <message>
            <source>No guest image was removed: each is gone, or needed by now.</source>
            <translation>Kein Gastabbild wurde entfernt: Jedes ist schon fort oder wird inzwischen gebraucht.</translation>
        </message>
        <message>
            <source>No host was allowed for images of agents; nothing changed.</source>
            <translation>Kein Rechner war für Abbilder von Agenten erlaubt; nichts hat sich geändert.</translation>
        </message>
        <message>
            <source>No longer waiting: the task went on, was restored or ended.</source>
            <translation>Wartet nicht mehr: Die Aufgabe ging weiter, wurde wiederhergestellt oder endete.</translation>
        </message>
        <message>
            <source>No machine can be started.</source>
            <translation>Es kann keine Maschine gestartet werden.</translation>
        </message>
        <message>
            <source>No model call yet.</source>
            <translation>Noch kein Modellaufruf.</translation>
        </message>
        <message>
            <source>No model for it: {why}</source>
            <translation>Kein Modell dafür: {why}</translation>
        </message>
        <message>
            <source>No peer called {peer} is paired with this machine.</source>
            <translation>Mit diesem Rechner ist kein Peer namens {peer} gekoppelt.</translation>
        </message>
        <message>
            <source>No peer called {peer} is paired with this machine. See: clawdesk-fabric peers list.</source>
            <translation>Mit diesem Rechner ist kein Peer namens {peer} gekoppelt. Siehe: clawdesk-fabric peers list.</translation>
        </message>
        <message>
            <source>No project has used a model since the model service was started.</source>
            <translation>Seit dem Start des Modelldienstes hat kein Projekt ein Modell benutzt.</translation>
        </message>
        <message>
            <source>No project's own image is set up from there by this, and no task reaches these hosts.</source>
            <translation>Kein eigenes Abbild eines Projekts wird dadurch von dort eingerichtet, und keine Aufgabe erreicht diese Rechner.</translation>
        </message>
        <message>
            <source>No safety checkpoint could be made: {why}</source>
            <translation>Ein Sicherheits-Prüfpunkt war nicht möglich: {why}</translation>
        </message>
        <message>
            <source>No snapshot is kept.</source>
            <translation>Kein Schnappschuss ist aufbewahrt.</translation>
        </message>
        <message>
            <source>No step begins after this checkpoint, so variables would reach none.</source>
            <translation>Nach diesem Prüfpunkt beginnt kein Schritt, Variablen erreichten also keinen.</translation>
        </message>
        <message>
            <source>No task file is needed</source>
            <translation>Eine Aufgabendatei ist nicht nötig</translation>
        </message>
        <message>
            <source>No task files in .clawdesk/tasks</source>
            <translation>Keine Aufgabendateien in .clawdesk/tasks</translation>
        </message>
        <message>
            <source>No task has “{words}”</source>
            <translation>Keine Aufgabe enthält „{words}“</translation>
        </message>
        <message>
            <source>No task here now</source>
            <translation>Hier ist zurzeit keine Aufgabe</translation>
        </message>
        <message>
            <source>No tasks</source>
            <translation>Keine Aufgaben</translation>
        </message>
        <message>
            <source>No tasks yet in {project}</source>
            <translation>Noch keine Aufgaben in {project}</translation>
        </message>
        <message>
            <source>No terminal program was found here. Type this into one; what you change in the machine stands in its next checkpoint, which also closes the shell.</source>
            <translation>Hier wurde kein Terminalprogramm gefunden. Dies in eines eingeben; was sich in der Maschine ändert, steht in ihrem nächsten Prüfpunkt, der auch die Shell schließt.</translation>
        </message>
        <message>
            <source>No terminal: the task {why}.</source>
            <translation>Kein Terminal: Die Aufgabe {why}.</translation>
        </message>
        <message>
            <source>Nobody decided within {seconds} s; it stays held.</source>
            <translation>Niemand hat innerhalb von {seconds} s entschieden; sie bleibt angehalten.</translation>
        </message>
        <message>
            <source>Nobody is paired. This machine listens at {address}.</source>
            <translation>Niemand ist gekoppelt. Dieser Rechner ist unter {address} zu erreichen.</translation>
        </message>
        <message>
            <source>Nobody waits for a model.</source>
            <translation>Niemand wartet auf ein Modell.</translation>
        </message>
        <message>
            <source>None.</source>
            <translation>Keine.</translation>
        </message>
        <message>
            <source>None. “Reserve…” beside a model has it loaded at a time you choose.</source>
            <translation>Keine. „Reservieren…“ neben einem Modell lädt es zu einer gewählten Zeit.</translation>
        </message>
        <message>
            <source>Not kept yet: Esc again discards it</source>
            <translation>Noch nicht übernommen: nochmals Esc verwirft es</translation>
        </message>
        <message>
            <source>Not known while ClawDesk connects again.</source>
            <translation>Nicht bekannt, solange ClawDesk sich neu verbindet.</translation>
        </message>
        <message>
            <source>Not loaded</source>
            <translation>Nicht geladen</translation>
        </message>
        <message>
            <source>Not now</source>
            <translation>Jetzt nicht</translation>
        </message>
        <message>
            <source>Not possible: {why}</source>
            <translation>Nicht möglich: {why}</translation>
        </message>
        <message>
            <source>Not recorded: {why}</source>
            <translation>Nicht aufgezeichnet: {why}</translation>
        </message>
        <message>
            <source>Not sent yet</source>
            <translation>Noch nicht gesendet</translation>
        </message>
        <message>
            <source>Not taken. Take it again</source>
            <translation>Nicht genommen. Wieder nehmen</translation>
        </message>
        <message>
            <source>Note and comments together are longer than an answer can be. Shorten them.</source>
            <translation>Notiz und Kommentare sind zusammen länger, als eine Antwort sein kann. Bitte kürzen.</translation>
        </message>
        <message>
            <source>Note to the agent</source>
            <translation>Notiz an den Agenten</translation>
        </message>
        <message>
            <source>Nothing changes by looking.</source>
            <translation>Ansehen ändert nichts.</translation>
        </message>
        <message>
            <source>Nothing is called so. ? shows what can be searched.</source>
            <translation>Nichts heißt so. ? zeigt, was sich suchen lässt.</translation>
        </message>
        <message>
            <source>Nothing is merged yet. Settle each file; you can change your mind until you merge.</source>
            <translation>Noch ist nichts zusammengeführt. Jede Datei klären; bis zum Zusammenführen bleibt alles änderbar.</translation>
        </message>
        <message>
            <source>Nothing more can be decided here.</source>
            <translation>Hier gibt es nichts mehr zu entscheiden.</translation>
        </message>
        <message>
            <source>Nothing needs you</source>
            <translation>Nichts wartet auf eine Antwort</translation>
        </message>
        <message>
            <source>Nothing on this desktop shows notices.</source>
            <translation>Nichts auf diesem Desktop zeigt Mitteilungen.</translation>
        </message>
        <message>
            <source>Nothing runs</source>
            <translation>Nichts läuft</translation>
        </message>
        <message>
            <source>Nothing to remove: {why_not}.</source>
            <translation>Nichts zu entfernen: {why_not}.</translation>
        </message>
        <message>
            <source>Nothing waits for you</source>
            <translation>Nichts wartet auf eine Antwort</translation>
        </message>
        <message>
            <source>Nothing was done; try again.</source>
            <translation>Nichts wurde getan; versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>Nothing was said yet. Messages, calls of tools and output appear here.</source>
            <translation>Noch wurde nichts gesagt. Nachrichten, Werkzeugaufrufe und Ausgaben erscheinen hier.</translation>
        </message>
        <message>
            <source>Nothing was sent to it. Ask for a new invitation, in person if you can.</source>
            <translation>Ihm wurde nichts gesandt. Bitten Sie um eine neue Einladung, möglichst persönlich.</translation>
        </message>
        <message>
            <source>Nothing yet: merges, roll-backs, clean-ups and trust are listed here.</source>
            <translation>Noch nichts: Zusammenführungen, Wiederherstellungen, Aufräumen und Vertrauen stehen hier.</translation>
        </message>
        <message>
            <source>Notices are turned off.</source>
            <translation>Mitteilungen sind abgeschaltet.</translation>
        </message>
        <message>
            <source>Notices need a notification server. Most desktops bring one, else install e.g. dunst.</source>
            <translation>Mitteilungen brauchen einen Mitteilungsdienst. Die meisten Desktops bringen einen mit, sonst z. B. dunst installieren.</translation>
        </message>
        <message>
            <source>Notices on the desktop</source>
            <translation>Mitteilungen auf dem Desktop</translation>
        </message>
        <message>
            <source>Nov</source>
            <translation>Nov</translation>
        </message>
        <message>
            <source>Now</source>
            <translation>Jetzt</translation>
        </message>
        <message>
            <source>Now add a test for negative numbers</source>
            <translation>Jetzt einen Test für negative Zahlen hinzufügen</translation>
        </message>
        <message>
            <source>Oct</source>
            <translation>Okt</translation>
        </message>
        <message>
            <source>On the other machine choose “Pair with an invitation…” and paste it there, or give it to clawdesk-fabric peers pair - in a terminal. Whoever has it can pair: send it as you would send a password.</source>
            <translation>Wählen Sie am anderen Rechner „Mit einer Einladung koppeln …“ und fügen Sie sie dort ein, oder geben Sie sie in einem Terminal an clawdesk-fabric peers pair -. Wer sie hat, kann sich koppeln: senden Sie sie wie ein Passwort.</translation>
        </message>
        <message>
            <source>One commit (squash)</source>
            <translation>Ein Commit (squash)</translation>
        </message>
        <message>
            <source>One commit per checkpoint</source>
            <translation>Ein Commit je Prüfpunkt</translation>
        </message>
        <message>
            <source>One of your own is added by: clawdesk-fabric add FILE</source>
            <translation>Ein eigenes kommt dazu mit: clawdesk-fabric add DATEI</translation>
        </message>
        <message>
            <source>Only an agent of kind "acp" can be prompted again; this task has none.</source>
            <translation>Nur ein Agent der Art „acp“ nimmt weitere Anweisungen; diese Aufgabe hat keinen.</translation>
        </message>
        <message>
            <source>Only approved and automatic checkpoints go in; questions, prompts and rejected work stay out. Your state before is kept under refs/clawdesk/backup.</source>
            <translation>Nur freigegebene und automatische Prüfpunkte kommen hinein; Fragen, Anweisungen und Abgelehntes bleiben draußen. Der Stand davor bleibt unter refs/clawdesk/backup.</translation>
        </message>
        <message>
            <source>Only lines with these words</source>
            <translation>Nur Zeilen mit diesen Wörtern</translation>
        </message>
        <message>
            <source>Only packages that ClawDesk's own list of agents names are fetched, by ClawDesk's own set-up, in a machine of its own.</source>
            <translation>Nur Pakete, die ClawDesks eigene Liste von Agenten nennt, werden geholt, von ClawDesks eigener Einrichtung, in einer eigenen Maschine.</translation>
        </message>
        <message>
            <source>Open</source>
            <translation>Öffnen</translation>
        </message>
        <message>
            <source>Open a project folder</source>
            <translation>Projektordner öffnen</translation>
        </message>
        <message>
            <source>Open a project folder to begin</source>
            <translation>Zum Beginnen einen Projektordner öffnen</translation>
        </message>
        <message>
            <source>Open a project to see its policy.</source>
            <translation>Ein Projekt öffnen, um seine Richtlinie zu sehen.</translation>
        </message>
        <message>
            <source>Open a terminal in the machine</source>
            <translation>Terminal in der Maschine öffnen</translation>
        </message>
        <message>
            <source>Open a terminal in the machine of the chosen task</source>
            <translation>Terminal in der Maschine der gewählten Aufgabe öffnen</translation>
        </message>
        <message>
            <source>Open a terminal in the machine of {task}</source>
            <translation>Terminal in der Maschine von {task} öffnen</translation>
        </message>
        <message>
            <source>Open a terminal yourself</source>
            <translation>Terminal selbst öffnen</translation>
        </message>
        <message>
            <source>Open folder</source>
            <translation>Ordner öffnen</translation>
        </message>
        <message>
            <source>Open folder (Ctrl+O)</source>
            <translation>Ordner öffnen (Ctrl+O)</translation>
        </message>
        <message>
            <source>Open folder…</source>
            <translation>Ordner öffnen…</translation>
        </message>
        <message>
            <source>Open log</source>
            <translation>Protokoll öffnen</translation>
        </message>
        <message>
            <source>Open task</source>
            <translation>Aufgabe öffnen</translation>
        </message>
        <message>
            <source>Open the folder: {what}</source>
            <translation>Ordner öffnen: {what}</translation>
        </message>
        <message>
            <source>Open {path} itself.</source>
            <translation>Stattdessen {path} öffnen.</translation>
        </message>
        <message>
            <source>OpenClaw {version}. Requests are shown there too.</source>
            <translation>OpenClaw {version}. Anfragen erscheinen auch dort.</translation>
        </message>
        <message>
            <source>Opening {path}</source>
            <translation>{path} wird geöffnet</translation>
        </message>
        <message>
            <source>Or start from a task file</source>
            <translation>Oder aus einer Aufgabendatei</translation>
        </message>
        <message>
            <source>Other, in your own words</source>
            <translation>Anderes, in eigenen Worten</translation>
        </message>
        <message>
            <source>Output</source>
            <translation>Ausgabe</translation>
        </message>
        <message>
            <source>Pair</source>
            <translation>Koppeln</translation>
        </message>
        <message>
            <source>Pair again</source>
            <translation>Neu koppeln</translation>
        </message>
        <message>
            <source>Pair with an invitation</source>
            <translation>Mit einer Einladung koppeln</translation>
        </message>
        <message>
            <source>Pair with an invitation of another machine…</source>
            <translation>Mit der Einladung eines anderen Rechners koppeln …</translation>
        </message>
        <message>
            <source>Pair with an invitation…</source>
            <translation>Mit einer Einladung koppeln …</translation>
        </message>
        <message>
            <source>Paired: {peer} followed it.</source>
            <translation>Gekoppelt: {peer} ist ihr gefolgt.</translation>
        </message>
        <message>
            <source>Pairing</source>
            <translation>Koppeln</translation>
        </message>
        <message>
            <source>Paste what the other machine made by “Invite a machine…”, or printed for clawdesk-fabric peers pair. Nothing is sent to it before you press Pair. What tasks send to its models leaves this machine.</source>
            <translation>Fügen Sie ein, was der andere Rechner mit „Einen Rechner einladen …“ gemacht oder auf clawdesk-fabric peers pair ausgegeben hat. Ihm wird nichts gesandt, bevor Sie Koppeln drücken. Was Aufgaben an seine Modelle senden, verlässt diesen Rechner.</translation>
        </message>
        <message>
            <source>Paused: {why}. Raise its budget.</source>
            <translation>Pausiert: {why}. Das Budget erhöhen.</translation>
        </message>
        <message>
            <source>Peer</source>
            <translation>Peer</translation>
        </message>
        <message>
            <source>Peer {peer} is away, last seen {time} ago.</source>
            <translation>Peer {peer} ist weg, zuletzt vor {time} gesehen.</translation>
        </message>
        <message>
            <source>Peer {peer} is away, not seen since the Fabric began.</source>
            <translation>Peer {peer} ist weg, seit dem Start der Fabric nicht gesehen.</translation>
        </message>
        <message>
            <source>Peer {peer} is not revoked: {why}</source>
            <translation>Peer {peer} ist nicht widerrufen: {why}</translation>
        </message>
        <message>
            <source>Peer {peer} is paired.</source>
            <translation>Peer {peer} ist gekoppelt.</translation>
        </message>
        <message>
            <source>Peer {peer} is paired: it followed an invitation of this machine.</source>
            <translation>Peer {peer} ist gekoppelt: er ist einer Einladung dieses Rechners gefolgt.</translation>
        </message>
        <message>
            <source>Peer {peer} is revoked: nothing is lent to it or borrowed of it any more.</source>
            <translation>Peer {peer} ist widerrufen: ihm wird nichts mehr geliehen, von ihm nichts mehr geborgt.</translation>
        </message>
        <message>
            <source>Peer {peer} lends no {model}; it lends: {models}.</source>
            <translation>Peer {peer} verleiht kein {model}; er verleiht: {models}.</translation>
        </message>
        <message>
            <source>Peer {peer} may use nothing of this machine.</source>
            <translation>Peer {peer} darf nichts von diesem Rechner benutzen.</translation>
        </message>
        <message>
            <source>Peer {peer} may use {models}; calls at a time: {calls}.</source>
            <translation>Peer {peer} darf {models} benutzen; Aufrufe zugleich: {calls}.</translation>
        </message>
        <message>
            <source>Peers</source>
            <translation>Peers</translation>
        </message>
        <message>
            <source>Peers: borrowed and lent</source>
            <translation>Peers: geborgt und verliehen</translation>
        </message>
        <message>
            <source>Pin</source>
            <translation>Anheften</translation>
        </message>
        <message>
            <source>Pin {model}</source>
            <translation>{model} anheften</translation>
        </message>
        <message>
            <source>Pinning {model}</source>
            <translation>{model} wird angeheftet</translation>
        </message>
        <message>
            <source>Points by which a task must outrank another to make it yield</source>
            <translation>Um so viele Punkte muss eine Aufgabe eine andere übertreffen, damit diese weicht</translation>
        </message>
        <message>
            <source>Policy</source>
            <translation>Richtlinie</translation>
        </message>
        <message>
            <source>Policy of a project</source>
            <translation>Richtlinie eines Projekts</translation>
        </message>
        <message>
            <source>Policy of this project: each rule and where it is written</source>
            <translation>Richtlinie dieses Projekts: jede Regel und wo sie steht</translation>
        </message>
        <message>
            <source>Policy of {project}</source>
            <translation>Richtlinie von {project}</translation>
        </message>
        <message>
            <source>Policy of {project}: each rule and where it is written</source>
            <translation>Richtlinie von {project}: jede Regel und wo sie steht</translation>
        </message>
        <message>
            <source>Policy…</source>
            <translation>Richtlinie…</translation>
        </message>
        <message>
            <source>Previous request</source>
            <translation>Vorige Anfrage</translation>
        </message>
        <message>
            <source>Printed before the question</source>
            <translation>Ausgabe vor der Frage</translation>
        </message>
        <message>
            <source>Priority</source>
            <translation>Priorität</translation>
        </message>
        <message>
            <source>Priority {low:+d} to {high:+d}{by}.</source>
            <translation>Priorität {low:+d} bis {high:+d}{by}.</translation>
        </message>
        <message>
            <source>Process</source>
            <translation>Ablauf</translation>
        </message>
        <message>
            <source>Project</source>
            <translation>Projekt</translation>
        </message>
        <message>
            <source>Projects</source>
            <translation>Projekte</translation>
        </message>
        <message>
            <source>Prompt</source>
            <translation>Anweisen</translation>
        </message>
        <message>
            <source>Prompt or task file</source>
            <translation>Anweisung oder Aufgabendatei</translation>
        </message>
        <message>
            <source>Prompted the agent of {task} again</source>
            <translation>Dem Agenten von {task} erneut eine Anweisung gegeben</translation>
        </message>
        <message>
            <source>Prompting</source>
            <translation>Anweisung wird gegeben</translation>
        </message>
        <message>
            <source>Put the chosen task into the archive, or back</source>
            <translation>Gewählte Aufgabe ins Archiv legen oder zurückholen</translation>
        </message>
        <message>
            <source>Put your changes aside first, for example with git stash, then try again.</source>
            <translation>Legen Sie Ihre Änderungen zuerst beiseite, etwa mit git stash, und versuchen Sie es dann noch einmal.</translation>
        </message>
        <message>
            <source>Put {task} into the archive, or back</source>
            <translation>{task} ins Archiv legen oder zurückholen</translation>
        </message>
        <message>
            <source>Python packages</source>
            <translation>Python-Pakete</translation>
        </message>
        <message>
            <source>QEMU ended unexpectedly</source>
            <translation>QEMU endete unerwartet</translation>
        </message>
        <message>
            <source>QEMU runs with more rights than it needs: machines are not confined.</source>
            <translation>QEMU läuft mit mehr Rechten als nötig: Maschinen sind nicht eingeschlossen.</translation>
        </message>
        <message>
            <source>QEMU runs without privileges</source>
            <translation>QEMU läuft ohne besondere Rechte</translation>
        </message>
        <message>
            <source>Question {key}</source>
            <translation>Frage {key}</translation>
        </message>
        <message>
            <source>Queue</source>
            <translation>Warteschlange</translation>
        </message>
        <message>
            <source>Quit</source>
            <translation>Beenden</translation>
        </message>
        <message>
            <source>Quit ClawDesk and end clawdesk-fabric, then start again.</source>
            <translation>ClawDesk und clawdesk-fabric beenden, dann neu starten.</translation>
        </message>
        <message numerus="yes">
            <source>Quit with {count} unfinished tasks?</source>
            <extracomment>For one: Quit with {count} unfinished task?</extracomment>
            <translation>
                <numerusform>Mit {count} unfertigen Aufgabe beenden?</numerusform>
                <numerusform>Mit {count} unfertigen Aufgaben beenden?</numerusform>
            </translation>
        </message>
        <message>
            <source>Reading checkpoint {ordinal}</source>
            <translation>Prüfpunkt {ordinal} wird gelesen</translation>
        </message>
        <message>
            <source>Reading the changed files</source>
            <translation>Geänderte Dateien werden gelesen</translation>
        </message>
        <message>
            <source>Reading the changes</source>
            <translation>Änderungen werden gelesen</translation>
        </message>
        <message>
            <source>Reading the differences…</source>
            <translation>Unterschiede werden gelesen…</translation>
        </message>
        <message>
            <source>Reading the disk use</source>
            <translation>Speicherplatz wird gelesen</translation>
        </message>
        <message>
            <source>Reading the file</source>
            <translation>Datei wird gelesen</translation>
        </message>
        <message>
            <source>Reading the invitation</source>
            <translation>Die Einladung wird gelesen</translation>
        </message>
        <message>
            <source>Reading the log</source>
            <translation>Protokoll wird gelesen</translation>
        </message>
        <message>
            <source>Reading the policy</source>
            <translation>Richtlinie wird gelesen</translation>
        </message>
        <message>
            <source>Reading the settings</source>
            <translation>Einstellungen werden gelesen</translation>
        </message>
        <message>
            <source>Reading what a restore undoes</source>
            <translation>Es wird gelesen, was eine Wiederherstellung rückgängig macht</translation>
        </message>
        <message>
            <source>Reading what was done</source>
            <translation>Es wird gelesen, was geschah</translation>
        </message>
        <message>
            <source>Reading…</source>
            <translation>Wird gelesen…</translation>
        </message>
        <message>
            <source>Ready</source>
            <translation>Bereit</translation>
        </message>
        <message>
            <source>Recent</source>
            <translation>Zuletzt</translation>
        </message>
        <message>
            <source>Reconnecting. Tasks keep running; this is the last that was known.</source>
            <translation>Verbindung wird wiederhergestellt. Aufgaben laufen weiter; dies ist der letzte bekannte Stand.</translation>
        </message>
        <message>
            <source>Ref</source>
            <translation>Ref</translation>
        </message>
        <message>
            <source>Reject</source>
            <translation>Ablehnen</translation>
        </message>
        <message>
            <source>Reject needs words. You answer exactly what is shown, {digest}.</source>
            <translation>Ablehnen braucht Worte. Die Antwort gilt genau dem Gezeigten, {digest}.</translation>
        </message>
        <message>
            <source>Reject, with a note</source>
            <translation>Ablehnen, mit einer Notiz</translation>
        </message>
        <message>
            <source>Rejected</source>
            <translation>Abgelehnt</translation>
        </message>
        <message>
            <source>Rejected work of {task}: back to {where}</source>
            <translation>Arbeit von {task} abgelehnt: zurück, {where}</translation>
        </message>
        <message>
            <source>Rejected, so back to {where}; what came after is kept as a branch.</source>
            <translation>Abgelehnt, daher zurück zu {where}; was danach kam, bleibt als Zweig erhalten.</translation>
        </message>
        <message>
            <source>Rejecting checkpoint {ordinal}</source>
            <translation>Prüfpunkt {ordinal} wird abgelehnt</translation>
        </message>
        <message>
            <source>Releasing</source>
            <translation>Gibt frei</translation>
        </message>
        <message>
            <source>Remove</source>
            <translation>Entfernen</translation>
        </message>
        <message>
            <source>Remove from this list</source>
            <translation>Aus dieser Liste entfernen</translation>
        </message>
        <message>
            <source>Remove old images</source>
            <translation>Alte Abbilder entfernen</translation>
        </message>
        <message>
            <source>Remove these snapshots</source>
            <translation>Diese Schnappschüsse entfernen</translation>
        </message>
        <message>
            <source>Removed guest images: {count}, {mib} MiB.</source>
            <translation>Entfernte Gastabbilder: {count}, {mib} MiB.</translation>
        </message>
        <message>
            <source>Removed guest images: {count}, {mib} MiB. The others are gone, or needed by now.</source>
            <translation>Entfernte Gastabbilder: {count}, {mib} MiB. Die übrigen sind schon fort oder werden inzwischen gebraucht.</translation>
        </message>
        <message>
            <source>Removed the snapshots of ended tasks: {count}. Commits stay.</source>
            <translation>Schnappschüsse beendeter Aufgaben entfernt: {count}. Commits bleiben.</translation>
        </message>
        <message numerus="yes">
            <source>Removed {count} machine snapshots of {task}</source>
            <extracomment>For one: Removed {count} machine snapshot of {task}</extracomment>
            <translation>
                <numerusform>{count} Maschinen-Schnappschuss von {task} entfernt</numerusform>
                <numerusform>{count} Maschinen-Schnappschüsse von {task} entfernt</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Removes the machine snapshots of {count} ended tasks, at least {size}. Their commits stay: files can still be compared, forked and merged. This cannot be undone.</source>
            <extracomment>For one: Removes the machine snapshots of {count} ended task, at least {size}. Their commits stay: files can still be compared, forked and merged. This cannot be undone.</extracomment>
            <translation>
                <numerusform>Entfernt die Maschinen-Schnappschüsse von {count} beendeten Aufgabe, mindestens {size}. Ihre Commits bleiben: Dateien lassen sich weiter vergleichen, abzweigen und zusammenführen. Dies lässt sich nicht rückgängig machen.</numerusform>
                <numerusform>Entfernt die Maschinen-Schnappschüsse von {count} beendeten Aufgaben, mindestens {size}. Ihre Commits bleiben: Dateien lassen sich weiter vergleichen, abzweigen und zusammenführen. Dies lässt sich nicht rückgängig machen.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>Removes {count} guest images, {size}, and the warm templates on them. Nothing stands on them.</source>
            <extracomment>For one: Removes {count} guest image, {size}, and the warm templates on it. Nothing stands on it.</extracomment>
            <translation>
                <numerusform>Entfernt {count} Gastabbild, {size}, und die warmen Vorlagen darauf. Nichts beruht darauf.</numerusform>
                <numerusform>Entfernt {count} Gastabbilder, {size}, und die warmen Vorlagen darauf. Nichts beruht darauf.</numerusform>
            </translation>
        </message>
        <message>
            <source>Remove…</source>
            <translation>Entfernen…</translation>
        </message>
        <message>
            <source>Removing</source>
            <translation>Wird entfernt</translation>
        </message>
        <message>
            <source>Removing guest images</source>
            <translation>Gastabbilder werden entfernt</translation>
        </message>
        <message>
            <source>Removing: {done} of {total} tasks done.</source>
            <translation>Wird entfernt: {done} von {total} Aufgaben erledigt.</translation>
        </message>
        <message>
            <source>Replace that file</source>
            <translation>Diese Datei ersetzen</translation>
        </message>
        <message>
            <source>Report of</source>
            <translation>Bericht vom</translation>
        </message>
        <message>
            <source>Reports and logs</source>
            <translation>Berichte und Protokolle</translation>
        </message>
        <message>
            <source>Report…</source>
            <translation>Bericht…</translation>
        </message>
        <message>
            <source>Requests of your tasks are shown on this gateway too. Its token stands in its configuration as gateway.auth.token; it is kept in the keyring only until the gateway has given ClawDesk one of its own. Another address means another pairing.</source>
            <translation>Anfragen der Aufgaben erscheinen auch auf diesem Gateway. Sein Token steht in seiner Konfiguration als gateway.auth.token; es bleibt nur so lange im Schlüsselbund, bis das Gateway ClawDesk ein eigenes gegeben hat. Eine andere Adresse heißt eine neue Kopplung.</translation>
        </message>
        <message>
            <source>Reservations</source>
            <translation>Reservierungen</translation>
        </message>
        <message>
            <source>Reserve</source>
            <translation>Reservieren</translation>
        </message>
        <message>
            <source>Reserve a model</source>
            <translation>Modell reservieren</translation>
        </message>
        <message>
            <source>Reserve {model}…</source>
            <translation>{model} reservieren…</translation>
        </message>
        <message>
            <source>Reserve {name}</source>
            <translation>{name} reservieren</translation>
        </message>
        <message>
            <source>Reserve…</source>
            <translation>Reservieren…</translation>
        </message>
        <message>
            <source>Reserving</source>
            <translation>Wird reserviert</translation>
        </message>
        <message>
            <source>Reset</source>
            <translation>Zurücksetzen</translation>
        </message>
        <message>
            <source>Restore checkpoint {ordinal}</source>
            <translation>Prüfpunkt {ordinal} wiederherstellen</translation>
        </message>
        <message>
            <source>Restore checkpoint {ordinal}…</source>
            <translation>Prüfpunkt {ordinal} wiederherstellen…</translation>
        </message>
        <message>
            <source>Restore {task} to {where}?</source>
            <translation>{task} wiederherstellen: {where}?</translation>
        </message>
        <message>
            <source>Restore {where}</source>
            <translation>Wiederherstellen: {where}</translation>
        </message>
        <message>
            <source>Restored to {where}; what came after is kept as a branch.</source>
            <translation>Wiederhergestellt: {where}; was danach kam, bleibt als Zweig erhalten.</translation>
        </message>
        <message>
            <source>Restore…</source>
            <translation>Wiederherstellen…</translation>
        </message>
        <message>
            <source>Restoring</source>
            <translation>Stellt wieder her</translation>
        </message>
        <message>
            <source>Restoring {where}</source>
            <translation>Wird wiederhergestellt: {where}</translation>
        </message>
        <message>
            <source>Results</source>
            <translation>Ergebnisse</translation>
        </message>
        <message>
            <source>Review</source>
            <translation>Prüfen</translation>
        </message>
        <message>
            <source>Review…</source>
            <translation>Prüfen…</translation>
        </message>
        <message>
            <source>Revoke</source>
            <translation>Widerrufen</translation>
        </message>
        <message>
            <source>Revoke trust</source>
            <translation>Vertrauen entziehen</translation>
        </message>
        <message>
            <source>Revoke trust…</source>
            <translation>Vertrauen entziehen…</translation>
        </message>
        <message>
            <source>Revoke {peer}?</source>
            <translation>{peer} widerrufen?</translation>
        </message>
        <message>
            <source>Revoke {peer}…</source>
            <translation>{peer} widerrufen…</translation>
        </message>
        <message>
            <source>Revoke…</source>
            <translation>Widerrufen…</translation>
        </message>
        <message>
            <source>Revoking trust</source>
            <translation>Vertrauen wird entzogen</translation>
        </message>
        <message>
            <source>Revoking {peer}</source>
            <translation>{peer} wird widerrufen</translation>
        </message>
        <message>
            <source>Risk</source>
            <translation>Risiko</translation>
        </message>
        <message>
            <source>Roll back to {older}…</source>
            <translation>Zurück zu {older}…</translation>
        </message>
        <message>
            <source>Roll back…</source>
            <translation>Zurückgehen…</translation>
        </message>
        <message>
            <source>Roll the chosen task back one checkpoint…</source>
            <translation>Gewählte Aufgabe um einen Prüfpunkt zurücksetzen…</translation>
        </message>
        <message>
            <source>Roll {task} back to checkpoint {ordinal}…</source>
            <translation>{task} auf Prüfpunkt {ordinal} zurücksetzen…</translation>
        </message>
        <message>
            <source>Rolled {task} back to {where}</source>
            <translation>{task} zurückgesetzt: {where}</translation>
        </message>
        <message>
            <source>Run</source>
            <translation>Start</translation>
        </message>
        <message>
            <source>Run it again instead…</source>
            <translation>Stattdessen neu ausführen…</translation>
        </message>
        <message>
            <source>Run the task again from {branch} as it is now</source>
            <translation>Die Aufgabe neu ausführen, vom jetzigen Stand von {branch}</translation>
        </message>
        <message>
            <source>Run the task again.</source>
            <translation>Die Aufgabe neu ausführen.</translation>
        </message>
        <message>
            <source>Run {name}</source>
            <translation>{name} ausführen</translation>
        </message>
        <message>
            <source>Run: clawdesk doctor</source>
            <translation>Ausführen: clawdesk doctor</translation>
        </message>
        <message>
            <source>Running</source>
            <translation>Läuft</translation>
        </message>
        <message>
            <source>Running step {number}</source>
            <translation>Schritt {number} läuft</translation>
        </message>
        <message>
            <source>Running {name}</source>
            <translation>{name} wird ausgeführt</translation>
        </message>
        <message>
            <source>Saturday</source>
            <translation>Samstag</translation>
        </message>
        <message>
            <source>Save</source>
            <translation>Speichern</translation>
        </message>
        <message>
            <source>Save as a task file</source>
            <translation>Als Aufgabendatei sichern</translation>
        </message>
        <message>
            <source>Save as a task file…</source>
            <translation>Als Aufgabendatei sichern…</translation>
        </message>
        <message>
            <source>Save my version</source>
            <translation>Eigene Fassung speichern</translation>
        </message>
        <message>
            <source>Save or cancel your edit first.</source>
            <translation>Zuerst die Bearbeitung speichern oder verwerfen.</translation>
        </message>
        <message>
            <source>Say "trusted" there, or name a model of this machine.</source>
            <translation>Sagen Sie dort "trusted", oder nennen Sie ein Modell dieses Rechners.</translation>
        </message>
        <message>
            <source>Say "trusted" there, where your own {file} allows it, or name a model of this machine.</source>
            <translation>Sagen Sie dort "trusted", wo Ihre eigene {file} es erlaubt, oder nennen Sie ein Modell dieses Rechners.</translation>
        </message>
        <message>
            <source>Say what should change: a rejection needs a note or a comment.</source>
            <translation>Sagen, was anders sein soll: Eine Ablehnung braucht eine Notiz oder einen Kommentar.</translation>
        </message>
        <message>
            <source>Search or run a command</source>
            <translation>Suchen oder Befehl ausführen</translation>
        </message>
        <message>
            <source>Secrets</source>
            <translation>Geheimnisse</translation>
        </message>
        <message>
            <source>Secrets of yours that its tasks may be given; none is the default</source>
            <translation>Eigene Geheimnisse, die seine Aufgaben erhalten dürfen; Vorgabe ist keines</translation>
        </message>
        <message>
            <source>Secrets that are added to its tasks' requests to a host; none is the default</source>
            <translation>Geheimnisse, die Anfragen seiner Aufgaben an einen Rechner beigefügt werden; Vorgabe ist keines</translation>
        </message>
        <message>
            <source>See that it is on, and that its address can be reached from here.</source>
            <translation>Sehen Sie nach, ob er an ist und seine Adresse von hier erreichbar ist.</translation>
        </message>
        <message>
            <source>See what was done (clawdesk tasks, clawdesk show TASK), then try again.</source>
            <translation>Nachsehen, was geschehen ist (clawdesk tasks, clawdesk show TASK), dann noch einmal versuchen.</translation>
        </message>
        <message>
            <source>See which hosts it needs, and allow them once: clawdesk images allow</source>
            <translation>Sehen Sie, welche Rechner es braucht, und erlauben Sie sie einmal: clawdesk images allow</translation>
        </message>
        <message>
            <source>Send a test message</source>
            <translation>Testnachricht senden</translation>
        </message>
        <message>
            <source>Send answer</source>
            <translation>Antwort senden</translation>
        </message>
        <message>
            <source>Send it once ClawDesk is connected again.</source>
            <translation>Senden, sobald ClawDesk wieder verbunden ist.</translation>
        </message>
        <message>
            <source>Sending a test message</source>
            <translation>Testnachricht wird gesendet</translation>
        </message>
        <message>
            <source>Sending the answer</source>
            <translation>Antwort wird gesendet</translation>
        </message>
        <message>
            <source>Sending your answer</source>
            <translation>Senden der Antwort</translation>
        </message>
        <message>
            <source>Sending your answer…</source>
            <translation>Antwort wird gesendet…</translation>
        </message>
        <message>
            <source>Sep</source>
            <translation>Sep</translation>
        </message>
        <message>
            <source>Set a budget</source>
            <translation>Budget festlegen</translation>
        </message>
        <message>
            <source>Set budget</source>
            <translation>Budget festlegen</translation>
        </message>
        <message>
            <source>Set up…</source>
            <translation>Einrichten…</translation>
        </message>
        <message>
            <source>Setting the budget</source>
            <translation>Budget wird festgelegt</translation>
        </message>
        <message>
            <source>Setting up</source>
            <translation>Wird eingerichtet</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>Einstellungen</translation>
        </message>
        <message numerus="yes">
            <source>Settle {count} files here…</source>
            <extracomment>For one: Settle {count} file here…</extracomment>
            <translation>
                <numerusform>{count} Datei hier klären…</numerusform>
                <numerusform>{count} Dateien hier klären…</numerusform>
            </translation>
        </message>
        <message>
            <source>Shortcut {keys}</source>
            <translation>Tastenkürzel {keys}</translation>
        </message>
        <message>
            <source>Shortcuts</source>
            <translation>Tastenkürzel</translation>
        </message>
        <message>
            <source>Show all tasks</source>
            <translation>Alle Aufgaben zeigen</translation>
        </message>
        <message>
            <source>Show every line of the log</source>
            <translation>Alle Zeilen des Protokolls zeigen</translation>
        </message>
        <message>
            <source>Show fix</source>
            <translation>Abhilfe zeigen</translation>
        </message>
        <message>
            <source>Show how to mend {name}</source>
            <translation>Zeigen, wie {name} in Ordnung kommt</translation>
        </message>
        <message>
            <source>Show its models</source>
            <translation>Seine Modelle zeigen</translation>
        </message>
        <message>
            <source>Show or hide inbox and machine</source>
            <translation>Eingang und Rechner ein- oder ausblenden</translation>
        </message>
        <message>
            <source>Show or hide projects</source>
            <translation>Projekte ein- oder ausblenden</translation>
        </message>
        <message>
            <source>Show or hide the chosen task</source>
            <translation>Gewählte Aufgabe ein- oder ausblenden</translation>
        </message>
        <message>
            <source>Show or hide the inbox</source>
            <translation>Eingang ein- oder ausblenden</translation>
        </message>
        <message>
            <source>Show the archive</source>
            <translation>Archiv zeigen</translation>
        </message>
        <message>
            <source>Show the changes of checkpoint {ordinal}</source>
            <translation>Änderungen von Prüfpunkt {ordinal} zeigen</translation>
        </message>
        <message>
            <source>Show the changes of the chosen task</source>
            <translation>Änderungen der gewählten Aufgabe zeigen</translation>
        </message>
        <message>
            <source>Show the changes of {task}</source>
            <translation>Änderungen von {task} zeigen</translation>
        </message>
        <message>
            <source>Show the checkpoints of the chosen task</source>
            <translation>Prüfpunkte der gewählten Aufgabe zeigen</translation>
        </message>
        <message>
            <source>Show the checkpoints of {task}</source>
            <translation>Prüfpunkte von {task} zeigen</translation>
        </message>
        <message>
            <source>Show the conversation of the chosen task</source>
            <translation>Gespräch der gewählten Aufgabe zeigen</translation>
        </message>
        <message>
            <source>Show the conversation of {task}</source>
            <translation>Gespräch von {task} zeigen</translation>
        </message>
        <message>
            <source>Show the invitation</source>
            <translation>Die Einladung zeigen</translation>
        </message>
        <message>
            <source>Show the log of the chosen task</source>
            <translation>Protokoll der gewählten Aufgabe zeigen</translation>
        </message>
        <message>
            <source>Show the log of {task}</source>
            <translation>Protokoll von {task} zeigen</translation>
        </message>
        <message>
            <source>Show the next thing that needs you</source>
            <translation>Nächste wartende Anfrage zeigen</translation>
        </message>
        <message>
            <source>Show what waits now</source>
            <translation>Zeigen, was jetzt wartet</translation>
        </message>
        <message>
            <source>Side {mark}</source>
            <translation>Seite {mark}</translation>
        </message>
        <message>
            <source>Since the start</source>
            <translation>Seit dem Anfang</translation>
        </message>
        <message>
            <source>Snapshots by task</source>
            <translation>Schnappschüsse nach Aufgabe</translation>
        </message>
        <message>
            <source>Snapshots of ended tasks go after this long</source>
            <translation>Schnappschüsse beendeter Aufgaben gehen nach dieser Zeit</translation>
        </message>
        <message>
            <source>Snapshotting</source>
            <translation>Sichert</translation>
        </message>
        <message>
            <source>So far</source>
            <translation>Bisher</translation>
        </message>
        <message>
            <source>So that it counts</source>
            <translation>Damit sie gilt</translation>
        </message>
        <message>
            <source>Some files pass through a filter (Git LFS?): a task sees what is stored in Git, and merges go to a branch of their own.</source>
            <translation>Einige Dateien gehen durch einen Filter (Git LFS?): Eine Aufgabe sieht, was in Git liegt, und Zusammenführungen gehen auf einen eigenen Zweig.</translation>
        </message>
        <message>
            <source>Something in this window went wrong; tasks are not affected.</source>
            <translation>In diesem Fenster ging etwas schief; Aufgaben sind nicht betroffen.</translation>
        </message>
        <message>
            <source>Split</source>
            <translation>Geteilt</translation>
        </message>
        <message>
            <source>Stand on a line to comment on it.</source>
            <translation>Zum Kommentieren auf eine Zeile gehen.</translation>
        </message>
        <message>
            <source>Start</source>
            <translation>Starten</translation>
        </message>
        <message>
            <source>Start ClawDesk again: it finds every task.</source>
            <translation>ClawDesk neu starten: Es findet jede Aufgabe wieder.</translation>
        </message>
        <message>
            <source>Start from HEAD</source>
            <translation>Mit HEAD beginnen</translation>
        </message>
        <message>
            <source>Starting</source>
            <translation>Startet</translation>
        </message>
        <message>
            <source>Starting: looking at this machine and at unfinished tasks…</source>
            <translation>Start: Rechner und unfertige Aufgaben werden angesehen…</translation>
        </message>
        <message>
            <source>State</source>
            <translation>Zustand</translation>
        </message>
        <message>
            <source>Stay</source>
            <translation>Bleiben</translation>
        </message>
        <message>
            <source>Step {number} {name} ended after {time}.</source>
            <translation>Schritt {number} {name} endete nach {time}.</translation>
        </message>
        <message>
            <source>Step {number} {name} failed after {time}.</source>
            <translation>Schritt {number} {name} scheiterte nach {time}.</translation>
        </message>
        <message>
            <source>Step {number} {name} runs since {time}.</source>
            <translation>Schritt {number} {name} läuft seit {time}.</translation>
        </message>
        <message>
            <source>Step {number} {name} was lost after {time}.</source>
            <translation>Schritt {number} {name} ging nach {time} verloren.</translation>
        </message>
        <message>
            <source>Step {number} {name}, {time}</source>
            <translation>Schritt {number} {name}, {time}</translation>
        </message>
        <message>
            <source>Step {number}, {name}</source>
            <translation>Schritt {number}, {name}</translation>
        </message>
        <message>
            <source>Step {step} ended after your rejection: {feedback}</source>
            <translation>Schritt {step} endete nach der Ablehnung: {feedback}</translation>
        </message>
        <message>
            <source>Step {step} exited with {code}.</source>
            <translation>Schritt {step} endete mit Code {code}.</translation>
        </message>
        <message>
            <source>Step {step} exited with {code}.
{output}</source>
            <translation>Schritt {step} endete mit Code {code}.
{output}</translation>
        </message>
        <message>
            <source>Step {step} exited with {code}. {why}</source>
            <translation>Schritt {step} endete mit Code {code}. {why}</translation>
        </message>
        <message>
            <source>Step {step} exited with {code}. {why}
{output}</source>
            <translation>Schritt {step} endete mit Code {code}. {why}
{output}</translation>
        </message>
        <message>
            <source>Step {step} ran longer than its limit of {seconds} s.</source>
            <translation>Schritt {step} lief länger als seine Grenze von {seconds} s.</translation>
        </message>
        <message>
            <source>Step {step} ran longer than its limit of {seconds} s.
{output}</source>
            <translation>Schritt {step} lief länger als seine Grenze von {seconds} s.
{output}</translation>
        </message>
        <message>
            <source>Step {step} ran longer than its limit of {seconds} s. {why}</source>
            <translation>Schritt {step} lief länger als seine Grenze von {seconds} s. {why}</translation>
        </message>
        <message>
            <source>Step {step} ran longer than its limit of {seconds} s. {why}
{output}</source>
            <translation>Schritt {step} lief länger als seine Grenze von {seconds} s. {why}
{output}</translation>
        </message>
        <message>
            <source>Steps</source>
            <translation>Schritte</translation>
        </message>
        <message>
            <source>Steps done</source>
            <translation>Erledigte Schritte</translation>
        </message>
        <message>
            <source>Still works</source>
            <translation>Geht weiterhin</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>Anhalten</translation>
        </message>
        <message>
            <source>Stop listening</source>
            <translation>Nicht mehr erreichbar sein</translation>
        </message>
        <message>
            <source>Stopping after the task it is at…</source>
            <translation>Hält nach der Aufgabe an, bei der es gerade ist…</translation>
        </message>
        <message>
            <source>Stopping the clean-up</source>
            <translation>Aufräumen wird angehalten</translation>
        </message>
        <message>
            <source>Submitted</source>
            <translation>Eingereicht</translation>
        </message>
        <message>
            <source>Sunday</source>
            <translation>Sonntag</translation>
        </message>
        <message>
            <source>Suspend and quit</source>
            <translation>Anhalten und beenden</translation>
        </message>
        <message>
            <source>TEMPERATURE=0.2, one a line</source>
            <translation>TEMPERATURE=0.2, eine je Zeile</translation>
        </message>
        <message>
            <source>Take all files</source>
            <translation>Alle Dateien nehmen</translation>
        </message>
        <message>
            <source>Take back</source>
            <translation>Zurücknehmen</translation>
        </message>
        <message>
            <source>Take back the answer to {task}</source>
            <translation>Die Antwort an {task} zurücknehmen</translation>
        </message>
        <message>
            <source>Take file again</source>
            <translation>Datei wieder nehmen</translation>
        </message>
        <message>
            <source>Take hunk again</source>
            <translation>Teil wieder nehmen</translation>
        </message>
        <message>
            <source>Take it back</source>
            <translation>Zurücknehmen</translation>
        </message>
        <message>
            <source>Take it back…</source>
            <translation>Zurücknehmen…</translation>
        </message>
        <message>
            <source>Take it to the other machine, and pair there.</source>
            <translation>Bringen Sie sie zum anderen Rechner und koppeln Sie dort.</translation>
        </message>
        <message>
            <source>Take tasks out of it first.</source>
            <translation>Zuerst Aufgaben herausnehmen.</translation>
        </message>
        <message>
            <source>Take the task's</source>
            <translation>Die der Aufgabe nehmen</translation>
        </message>
        <message>
            <source>Take those of tasks that ended</source>
            <translation>Die beendeter Aufgaben nehmen</translation>
        </message>
        <message>
            <source>Take {branch}'s</source>
            <translation>Die von {branch} nehmen</translation>
        </message>
        <message>
            <source>Taking it back</source>
            <translation>Wird zurückgenommen</translation>
        </message>
        <message>
            <source>Task</source>
            <translation>Aufgabe</translation>
        </message>
        <message>
            <source>Task files</source>
            <translation>Aufgabendateien</translation>
        </message>
        <message>
            <source>Tasks</source>
            <translation>Aufgaben</translation>
        </message>
        <message>
            <source>Tasks of this project still run: {tasks}.</source>
            <translation>Aufgaben dieses Projekts laufen noch: {tasks}.</translation>
        </message>
        <message>
            <source>Tasks that call no model.</source>
            <translation>Aufgaben, die kein Modell rufen.</translation>
        </message>
        <message>
            <source>Tasks that have a machine keep it until they next give it back; the others wait until you trust it again.</source>
            <translation>Aufgaben mit einer Maschine behalten sie, bis sie sie das nächste Mal abgeben; die anderen warten, bis wieder vertraut wird.</translation>
        </message>
        <message>
            <source>Tasks that this window drives are suspended at a checkpoint and go on at the next start. They do not run in the background. Saving many machines can take a minute: the window goes before, and ClawDesk ends once all are saved. Tasks that another ClawDesk of yours drives go on there.</source>
            <translation>Aufgaben, die dieses Fenster steuert, werden an einem Prüfpunkt angehalten und gehen beim nächsten Start weiter. Im Hintergrund laufen sie nicht. Viele Maschinen zu sichern kann eine Minute dauern: das Fenster verschwindet vorher, und ClawDesk endet, sobald alle gesichert sind. Aufgaben, die ein anderes ClawDesk von Ihnen steuert, laufen dort weiter.</translation>
        </message>
        <message>
            <source>Tell the agent of the chosen task more…</source>
            <translation>Dem Agenten der gewählten Aufgabe mehr sagen…</translation>
        </message>
        <message>
            <source>Tell the agent of {task} more</source>
            <translation>Dem Agenten von {task} mehr sagen</translation>
        </message>
        <message>
            <source>Tell the agent of {task} more…</source>
            <translation>Dem Agenten von {task} mehr sagen…</translation>
        </message>
        <message>
            <source>Telling the desktop</source>
            <translation>Der Desktop wird benachrichtigt</translation>
        </message>
        <message>
            <source>Terminal</source>
            <translation>Terminal</translation>
        </message>
        <message>
            <source>The ClawDesk that runs the tasks has ended meanwhile.</source>
            <translation>Das ClawDesk, das die Aufgaben ausführt, wurde inzwischen beendet.</translation>
        </message>
        <message>
            <source>The Fabric did not answer</source>
            <translation>Die Fabric antwortete nicht</translation>
        </message>
        <message>
            <source>The OpenClaw gateway is not reachable: {why}.</source>
            <translation>Das OpenClaw-Gateway ist nicht erreichbar: {why}.</translation>
        </message>
        <message>
            <source>The Python package {name} is not installed.</source>
            <translation>Das Python-Paket {name} ist nicht installiert.</translation>
        </message>
        <message>
            <source>The agent gets your prompt.</source>
            <translation>Der Agent erhält die Anweisung.</translation>
        </message>
        <message>
            <source>The agent goes on in the session it had, with all it remembers, and with the files as it left them at the end of its turn.</source>
            <translation>Der Agent fährt in seiner bisherigen Sitzung fort, mit allem, woran er sich erinnert, und mit den Dateien, wie er sie am Ende seiner Runde hinterließ.</translation>
        </message>
        <message>
            <source>The agent is at its work; it can be prompted when it has ended its turn.</source>
            <translation>Der Agent arbeitet; eine Anweisung ist möglich, wenn er seine Runde beendet hat.</translation>
        </message>
        <message>
            <source>The agent reads this. What should change?</source>
            <translation>Dies liest der Agent. Was soll anders werden?</translation>
        </message>
        <message>
            <source>The agent waits for your word on {what}; give that first.</source>
            <translation>Der Agent wartet auf ein Wort hierzu: {what}; das zuerst geben.</translation>
        </message>
        <message>
            <source>The agent {kind} works with a model: name one.</source>
            <translation>Der Agent {kind} arbeitet mit einem Modell: nennen Sie eines.</translation>
        </message>
        <message>
            <source>The archive is full.</source>
            <translation>Das Archiv ist voll.</translation>
        </message>
        <message>
            <source>The budget counts from now on.</source>
            <translation>Das Budget gilt ab jetzt.</translation>
        </message>
        <message>
            <source>The catalog names no model.</source>
            <translation>Der Katalog nennt kein Modell.</translation>
        </message>
        <message>
            <source>The checkpoint could not be made: {why} Try again?</source>
            <translation>Der Prüfpunkt war nicht möglich: {why} Erneut versuchen?</translation>
        </message>
        <message>
            <source>The command for {name} mends this too.</source>
            <translation>Der Befehl für {name} behebt auch dies.</translation>
        </message>
        <message>
            <source>The command of the agent {kind}</source>
            <translation>Der Befehl des Agenten {kind}</translation>
        </message>
        <message>
            <source>The content changed since it was shown to you.</source>
            <translation>Der Inhalt hat sich geändert, seit er gezeigt wurde.</translation>
        </message>
        <message>
            <source>The content changed while this was open. Nothing was approved: look at it again.</source>
            <translation>Der Inhalt hat sich geändert, während dies offen war. Nichts wurde freigegeben: erneut ansehen.</translation>
        </message>
        <message>
            <source>The defaults are in force.</source>
            <translation>Die Vorgaben sind in Kraft.</translation>
        </message>
        <message>
            <source>The diff is being loaded.</source>
            <translation>Die Unterschiede werden geladen.</translation>
        </message>
        <message>
            <source>The diff is longer than {count} rows; the rest is not shown.</source>
            <translation>Der Vergleich hat mehr als {count} Zeilen; der Rest wird nicht gezeigt.</translation>
        </message>
        <message>
            <source>The disk of {path} has {free} GiB free; machines start with at least {needed} GiB.</source>
            <translation>Der Datenträger von {path} hat {free} GiB frei; Maschinen starten ab {needed} GiB.</translation>
        </message>
        <message>
            <source>The display is gone, so the window has ended.</source>
            <translation>Der Bildschirm ist nicht mehr da, darum ist das Fenster beendet.</translation>
        </message>
        <message>
            <source>The draft is too large to be kept.</source>
            <translation>Der Entwurf ist zu groß, um aufbewahrt zu werden.</translation>
        </message>
        <message>
            <source>The driver does not say what each process holds; promises stand for it.</source>
            <translation>Der Treiber sagt nicht, was jeder Prozess belegt; Zusagen stehen dafür.</translation>
        </message>
        <message>
            <source>The files are the same.</source>
            <translation>Die Dateien sind gleich.</translation>
        </message>
        <message>
            <source>The files you edited have more than {size} KiB together.</source>
            <translation>Die bearbeiteten Dateien haben zusammen mehr als {size} KiB.</translation>
        </message>
        <message>
            <source>The folder of machine files, {folder}, cannot be written; no machine can start.</source>
            <translation>In den Ordner der Maschinendateien, {folder}, kann nicht geschrieben werden; es kann keine Maschine starten.</translation>
        </message>
        <message>
            <source>The gateway does not accept our token any more.</source>
            <translation>Das Gateway nimmt unser Token nicht mehr an.</translation>
        </message>
        <message>
            <source>The gateway does not know this ClawDesk yet.</source>
            <translation>Das Gateway kennt dieses ClawDesk noch nicht.</translation>
        </message>
        <message>
            <source>The gateway is just starting.</source>
            <translation>Das Gateway startet gerade.</translation>
        </message>
        <message>
            <source>The gateway's token is needed.</source>
            <translation>Das Token des Gateways ist nötig.</translation>
        </message>
        <message>
            <source>The guest did not come up within {seconds} s.</source>
            <translation>Der Gast war nach {seconds} s nicht bereit.</translation>
        </message>
        <message>
            <source>The guest image {name} is being built; nothing was removed.</source>
            <translation>Das Gastabbild {name} wird gerade gebaut; nichts wurde entfernt.</translation>
        </message>
        <message>
            <source>The guest image {name} is not built yet.</source>
            <translation>Das Gast-Abbild {name} ist noch nicht gebaut.</translation>
        </message>
        <message>
            <source>The highest priority its processes may suggest</source>
            <translation>Die höchste Priorität, die seine Abläufe vorschlagen dürfen</translation>
        </message>
        <message>
            <source>The image of this agent was not built yet, and may be set up from no host.</source>
            <translation>Das Abbild dieses Agenten wurde noch nicht gebaut und darf von keinem Rechner eingerichtet werden.</translation>
        </message>
        <message>
            <source>The image of this task needs packages, and its project may reach no host.</source>
            <translation>Das Abbild dieser Aufgabe braucht Pakete, und ihr Projekt darf keinen Rechner erreichen.</translation>
        </message>
        <message>
            <source>The invitation</source>
            <translation>Die Einladung</translation>
        </message>
        <message>
            <source>The invitation is copied</source>
            <translation>Die Einladung ist kopiert</translation>
        </message>
        <message>
            <source>The invitation is withdrawn.</source>
            <translation>Die Einladung ist zurückgezogen.</translation>
        </message>
        <message>
            <source>The last commit (HEAD)</source>
            <translation>Der letzte Commit (HEAD)</translation>
        </message>
        <message>
            <source>The last rules without a mistake are in force.</source>
            <translation>Die letzten fehlerfreien Regeln sind in Kraft.</translation>
        </message>
        <message>
            <source>The lowest priority its processes may suggest</source>
            <translation>Die niedrigste Priorität, die seine Abläufe vorschlagen dürfen</translation>
        </message>
        <message>
            <source>The machine did not start: {why}</source>
            <translation>Die Maschine startete nicht: {why}</translation>
        </message>
        <message>
            <source>The machine was lost: {why}</source>
            <translation>Die Maschine ging verloren: {why}</translation>
        </message>
        <message>
            <source>The merge made the branch {branch} and moved none that was there.</source>
            <translation>Die Zusammenführung hat den Branch {branch} angelegt und keinen vorhandenen bewegt.</translation>
        </message>
        <message>
            <source>The model is loaded when the time begins and stays loaded until it ends. Meanwhile it answers only whom it is reserved for, and nobody takes its memory.</source>
            <translation>Das Modell wird zu Beginn der Zeit geladen und bleibt bis zu ihrem Ende geladen. Bis dahin antwortet es nur dem, für den es reserviert ist, und niemand nimmt seinen Speicher.</translation>
        </message>
        <message>
            <source>The model {model} is on another machine, and [peers] use in your own {file} is "never".</source>
            <translation>Das Modell {model} ist auf einem anderen Rechner, und [peers] use in Ihrer eigenen {file} ist "never".</translation>
        </message>
        <message>
            <source>The model {model} is on another machine, and [peers] use in {file} is "never".</source>
            <translation>Das Modell {model} ist auf einem anderen Rechner, und [peers] use in {file} ist "never".</translation>
        </message>
        <message>
            <source>The part that runs the tasks has ended; this is the last it told.</source>
            <translation>Der Teil, der die Aufgaben ausführt, ist beendet; dies ist sein letzter Stand.</translation>
        </message>
        <message>
            <source>The present state is {where}; you can undo this.</source>
            <translation>Der jetzige Stand ist {where}; dies lässt sich rückgängig machen.</translation>
        </message>
        <message>
            <source>The project has submodules: a task sees them as empty folders.</source>
            <translation>Das Projekt hat Submodule: Eine Aufgabe sieht sie als leere Ordner.</translation>
        </message>
        <message>
            <source>The project is open read-only: {why}</source>
            <translation>Das Projekt ist nur zum Lesen offen: {why}</translation>
        </message>
        <message>
            <source>The project {path} is closed.</source>
            <translation>Das Projekt {path} ist geschlossen.</translation>
        </message>
        <message>
            <source>The project {path} is not open.</source>
            <translation>Das Projekt {path} ist nicht offen.</translation>
        </message>
        <message>
            <source>The project's file is trusted by you.</source>
            <translation>Der Datei des Projekts wird vertraut.</translation>
        </message>
        <message>
            <source>The project's policy asks for approval of changes in {pattern} ({path}).</source>
            <translation>Die Richtlinie des Projekts verlangt Freigabe für Änderungen in {pattern} ({path}).</translation>
        </message>
        <message>
            <source>The project's policy bounds it, and asks for trust, as for every task file.</source>
            <translation>Die Richtlinie des Projekts begrenzt sie und verlangt Vertrauen, wie bei jeder Aufgabendatei.</translation>
        </message>
        <message>
            <source>The prompt</source>
            <translation>Die Anweisung</translation>
        </message>
        <message>
            <source>The prompt has {count} characters; at most {most} are taken.</source>
            <translation>Die Anweisung hat {count} Zeichen; höchstens {most} sind möglich.</translation>
        </message>
        <message>
            <source>The report is in {path}</source>
            <translation>Der Bericht liegt in {path}</translation>
        </message>
        <message>
            <source>The reservation has ended.</source>
            <translation>Die Reservierung ist beendet.</translation>
        </message>
        <message>
            <source>The rules read before stay in force.</source>
            <translation>Die zuvor gelesenen Regeln bleiben in Kraft.</translation>
        </message>
        <message>
            <source>The start</source>
            <translation>Der Start</translation>
        </message>
        <message>
            <source>The state before is kept as a checkpoint.</source>
            <translation>Der Stand davor bleibt als Prüfpunkt erhalten.</translation>
        </message>
        <message>
            <source>The step goes on with your answer. Checkpoint {ordinal} holds this moment: roll back to it to answer otherwise.</source>
            <translation>Der Schritt geht mit Ihrer Antwort weiter. Prüfpunkt {ordinal} hält diesen Augenblick fest: Zurücksetzen auf ihn erlaubt eine andere Antwort.</translation>
        </message>
        <message>
            <source>The step reads why and goes on without this checkpoint.</source>
            <translation>Der Schritt liest den Grund und geht ohne diesen Prüfpunkt weiter.</translation>
        </message>
        <message>
            <source>The table {table} is taken out of {path}; all else in it stays. Images that are built stay too, and are used; no more are built by this rule.</source>
            <translation>Die Tabelle {table} wird aus {path} genommen; alles andere darin bleibt. Auch gebaute Abbilder bleiben und werden verwendet; weitere werden durch diese Regel nicht gebaut.</translation>
        </message>
        <message>
            <source>The task</source>
            <translation>Die Aufgabe</translation>
        </message>
        <message>
            <source>The task asks for your approval here.</source>
            <translation>Die Aufgabe bittet hier um Freigabe.</translation>
        </message>
        <message>
            <source>The task begins again on a fresh machine.</source>
            <translation>Die Aufgabe beginnt auf einer neuen Maschine von vorn.</translation>
        </message>
        <message>
            <source>The task deleted the file; {branch} changed it.</source>
            <translation>Die Aufgabe hat die Datei gelöscht; {branch} hat sie geändert.</translation>
        </message>
        <message>
            <source>The task ends here.</source>
            <translation>Die Aufgabe endet hier.</translation>
        </message>
        <message>
            <source>The task fails here. The checkpoints that were made stay.</source>
            <translation>Die Aufgabe scheitert hier. Die gemachten Prüfpunkte bleiben.</translation>
        </message>
        <message>
            <source>The task file is {path}</source>
            <translation>Die Aufgabendatei ist {path}</translation>
        </message>
        <message>
            <source>The task has already ended: {phase}.</source>
            <translation>Die Aufgabe ist schon zu Ende: {phase}.</translation>
        </message>
        <message>
            <source>The task has ended: {why}</source>
            <translation>Die Aufgabe ist zu Ende: {why}</translation>
        </message>
        <message>
            <source>The task has no checkpoint {ordinal}.</source>
            <translation>Die Aufgabe hat keinen Prüfpunkt {ordinal}.</translation>
        </message>
        <message>
            <source>The task has no checkpoint {ordinal}; there are: {ordinals}.</source>
            <translation>Die Aufgabe hat keinen Prüfpunkt {ordinal}; es gibt: {ordinals}.</translation>
        </message>
        <message>
            <source>The task has no forks, and is none.</source>
            <translation>Die Aufgabe hat keine Abzweigungen und ist keine.</translation>
        </message>
        <message>
            <source>The task holds no machine it could give back.</source>
            <translation>Die Aufgabe hat keine Maschine, die sie abgeben könnte.</translation>
        </message>
        <message>
            <source>The task is being taken back to checkpoint {ordinal}.</source>
            <translation>Die Aufgabe wird zu Prüfpunkt {ordinal} zurückgebracht.</translation>
        </message>
        <message>
            <source>The task is gone.</source>
            <translation>Die Aufgabe gibt es nicht mehr.</translation>
        </message>
        <message>
            <source>The task is just changing.</source>
            <translation>Die Aufgabe ändert sich gerade.</translation>
        </message>
        <message>
            <source>The task is just changing; try again in a moment.</source>
            <translation>Die Aufgabe ändert sich gerade; gleich noch einmal versuchen.</translation>
        </message>
        <message>
            <source>The task is not merged.</source>
            <translation>Die Aufgabe ist nicht zusammengeführt.</translation>
        </message>
        <message>
            <source>The task is told, and goes on without it.</source>
            <translation>Die Aufgabe erfährt es und geht ohne ihn weiter.</translation>
        </message>
        <message>
            <source>The task was cancelled meanwhile.</source>
            <translation>Die Aufgabe wurde inzwischen abgebrochen.</translation>
        </message>
        <message>
            <source>The task was ended while its image was being built.</source>
            <translation>Die Aufgabe wurde beendet, während ihr Abbild gebaut wurde.</translation>
        </message>
        <message>
            <source>The task was taken back meanwhile.</source>
            <translation>Die Aufgabe wurde inzwischen zurückgesetzt.</translation>
        </message>
        <message>
            <source>The task works on a copy. Which state shall the copy have?</source>
            <translation>Die Aufgabe arbeitet an einer Kopie. Welchen Stand soll die Kopie haben?</translation>
        </message>
        <message>
            <source>The test in tests/test_loader.py fails. Mend the loader, not the test.</source>
            <translation>Der Test in tests/test_loader.py schlägt fehl. Repariere den Loader, nicht den Test.</translation>
        </message>
        <message>
            <source>The three sides of the file, line by line</source>
            <translation>Die drei Seiten der Datei, Zeile für Zeile</translation>
        </message>
        <message>
            <source>The work tree has another version, which no task starts from yet: commit it first.</source>
            <translation>Im Arbeitsverzeichnis liegt eine andere Fassung, mit der noch keine Aufgabe beginnt: zuerst committen.</translation>
        </message>
        <message>
            <source>Their names stand for {addresses} here, outside the open internet: that is let through for them too.</source>
            <translation>Ihre Namen stehen hier für {addresses}, außerhalb des offenen Internets: auch das wird für sie durchgelassen.</translation>
        </message>
        <message>
            <source>Their tasks go on at the next start.</source>
            <translation>Ihre Aufgaben gehen beim nächsten Start weiter.</translation>
        </message>
        <message>
            <source>There are no models now: {why}.</source>
            <translation>Jetzt gibt es keine Modelle: {why}.</translation>
        </message>
        <message>
            <source>There are {most} comments; an answer holds no more.</source>
            <translation>Es gibt {most} Kommentare; mehr fasst eine Antwort nicht.</translation>
        </message>
        <message>
            <source>There is a file {file}.</source>
            <translation>Es gibt eine Datei {file}.</translation>
        </message>
        <message>
            <source>There is no further change in that direction.</source>
            <translation>In dieser Richtung gibt es keine weitere Änderung.</translation>
        </message>
        <message>
            <source>There is no guest image to boot.</source>
            <translation>Es gibt kein Gast-Abbild zum Starten.</translation>
        </message>
        <message>
            <source>There is no machine {machine} any more.</source>
            <translation>Die Maschine {machine} gibt es nicht mehr.</translation>
        </message>
        <message>
            <source>There is no model {model}; there are: {names}.</source>
            <translation>Es gibt kein Modell {model}; es gibt: {names}.</translation>
        </message>
        <message>
            <source>There is no screen in this session.</source>
            <translation>Diese Sitzung hat keinen Bildschirm.</translation>
        </message>
        <message>
            <source>There is no such file: everything is as by default.</source>
            <translation>Es gibt keine solche Datei: Alles ist nach Vorgabe.</translation>
        </message>
        <message>
            <source>There is no task {task}.</source>
            <translation>Es gibt keine Aufgabe {task}.</translation>
        </message>
        <message>
            <source>There is nothing to merge: no checkpoint of this task is approved or automatic.</source>
            <translation>Es gibt nichts zusammenzuführen: Kein Prüfpunkt dieser Aufgabe ist freigegeben oder automatisch.</translation>
        </message>
        <message>
            <source>These end now</source>
            <translation>Diese enden jetzt</translation>
        </message>
        <message>
            <source>These have ended; their snapshots go</source>
            <translation>Diese sind zu Ende; ihre Schnappschüsse gehen</translation>
        </message>
        <message>
            <source>They could not be read.</source>
            <translation>Sie sind nicht lesbar.</translation>
        </message>
        <message>
            <source>They have no checkpoint in common; each is measured from its own start</source>
            <translation>Sie haben keinen gemeinsamen Prüfpunkt; jede wird ab ihrem Start gemessen</translation>
        </message>
        <message>
            <source>They part at the start, with the same files</source>
            <translation>Sie trennen sich am Start, mit denselben Dateien</translation>
        </message>
        <message>
            <source>They part at {where}, {time}: same files until there</source>
            <translation>Sie trennen sich hier: {where}, {time}; bis dahin dieselben Dateien</translation>
        </message>
        <message>
            <source>They part at {where}, {time}: same memory, disk and files until there</source>
            <translation>Sie trennen sich hier: {where}, {time}; bis dahin derselbe Speicher, Datenträger und dieselben Dateien</translation>
        </message>
        <message>
            <source>They reach the steps that begin after the fork: {steps}.</source>
            <translation>Sie erreichen die Schritte, die nach dem Abzweigen beginnen: {steps}.</translation>
        </message>
        <message>
            <source>This GPU is simulated and computes nothing. Models run on the CPU.</source>
            <translation>Diese GPU ist simuliert und rechnet nichts. Modelle laufen auf der CPU.</translation>
        </message>
        <message>
            <source>This cannot be undone: machine snapshots of the others are given back. Their commits stay, so you can still look at them, compare, and fork from their files.</source>
            <translation>Dies lässt sich nicht rückgängig machen: Die Maschinen-Schnappschüsse der anderen werden freigegeben. Ihre Commits bleiben; Ansehen, Vergleichen und Abzweigen aus ihren Dateien bleiben möglich.</translation>
        </message>
        <message>
            <source>This checkpoint</source>
            <translation>Dieser Prüfpunkt</translation>
        </message>
        <message>
            <source>This checkpoint holds files only.</source>
            <translation>Dieser Prüfpunkt enthält nur Dateien.</translation>
        </message>
        <message>
            <source>This computer gets packages from other hosts by now than you allowed.</source>
            <translation>Dieser Computer holt Pakete inzwischen von anderen Rechnern, als Sie erlaubt haben.</translation>
        </message>
        <message>
            <source>This computer's memory</source>
            <translation>Speicher dieses Rechners</translation>
        </message>
        <message>
            <source>This invitation is open, but its words are not kept anywhere. If they are lost, make a new one: it takes the place of this one.</source>
            <translation>Diese Einladung ist offen, doch ihr Wortlaut ist nirgends aufbewahrt. Ist er verloren, machen Sie eine neue: sie tritt an die Stelle dieser.</translation>
        </message>
        <message>
            <source>This is too long for an invitation.</source>
            <translation>Das ist zu lang für eine Einladung.</translation>
        </message>
        <message>
            <source>This keeps</source>
            <translation>Dies bleibt</translation>
        </message>
        <message>
            <source>This machine</source>
            <translation>Dieser Rechner</translation>
        </message>
        <message>
            <source>This machine does not listen for other machines yet. It will, at the address you name: now and at every start, until you turn it off. Only paired machines, and whoever follows an open invitation, are let in.</source>
            <translation>Dieser Rechner ist für andere noch nicht erreichbar. Er wird es unter der Adresse, die Sie nennen: jetzt und bei jedem Start, bis Sie es abstellen. Eingelassen werden nur gekoppelte Rechner und wer einer offenen Einladung folgt.</translation>
        </message>
        <message>
            <source>This machine does not listen for peers, so the other one can use nothing here.</source>
            <translation>Dieser Rechner ist für Peers nicht erreichbar, also kann der andere hier nichts benutzen.</translation>
        </message>
        <message>
            <source>This machine does not listen for peers, so the other one cannot come now.</source>
            <translation>Dieser Rechner ist für Peers nicht erreichbar, also kann der andere jetzt nicht kommen.</translation>
        </message>
        <message>
            <source>This machine is paired with it already, as {peer}. Pairing again takes the place of that: its calls that run now end, and what it may use is what you say here.</source>
            <translation>Dieser Rechner ist mit ihm schon gekoppelt, als {peer}. Neu zu koppeln tritt an die Stelle davon: seine laufenden Aufrufe enden, und er darf benutzen, was Sie hier sagen.</translation>
        </message>
        <message>
            <source>This machine listens for peers at {address}.</source>
            <translation>Dieser Rechner ist für Peers erreichbar unter {address}.</translation>
        </message>
        <message>
            <source>This machine listens for peers no longer.</source>
            <translation>Dieser Rechner ist für Peers nicht mehr erreichbar.</translation>
        </message>
        <message>
            <source>This machine: what is present</source>
            <translation>Dieser Rechner: was vorhanden ist</translation>
        </message>
        <message>
            <source>This model service tells some figures otherwise ({what}); they are left out.</source>
            <translation>Dieser Modelldienst nennt einige Zahlen anders ({what}); sie sind ausgelassen.</translation>
        </message>
        <message>
            <source>This much waiting is worth one point of priority</source>
            <translation>So viel Warten ist einen Prioritätspunkt wert</translation>
        </message>
        <message>
            <source>This project has at most {size}{by}.</source>
            <translation>Dieses Projekt hat höchstens {size}{by}.</translation>
        </message>
        <message>
            <source>This question does not expire.</source>
            <translation>Diese Frage läuft nicht ab.</translation>
        </message>
        <message>
            <source>This undoes</source>
            <translation>Dies wird rückgängig gemacht</translation>
        </message>
        <message>
            <source>This version knows no agent {kind}.</source>
            <translation>Diese Version kennt keinen Agenten {kind}.</translation>
        </message>
        <message>
            <source>Those you do not keep end; their commits stay, to compare and to fork again.</source>
            <translation>Was nicht behalten wird, endet; die Commits bleiben, zum Vergleichen und erneuten Abzweigen.</translation>
        </message>
        <message>
            <source>Thursday</source>
            <translation>Donnerstag</translation>
        </message>
        <message>
            <source>Time</source>
            <translation>Zeit</translation>
        </message>
        <message>
            <source>Timeline</source>
            <translation>Zeitachse</translation>
        </message>
        <message>
            <source>Timeline: fit all</source>
            <translation>Zeitachse: alles einpassen</translation>
        </message>
        <message>
            <source>Timeline: now</source>
            <translation>Zeitachse: jetzt</translation>
        </message>
        <message>
            <source>Timeline: zoom in</source>
            <translation>Zeitachse: vergrößern</translation>
        </message>
        <message>
            <source>Timeline: zoom out</source>
            <translation>Zeitachse: verkleinern</translation>
        </message>
        <message>
            <source>To leave out a part of {path}, it must be read again.</source>
            <translation>Um einen Teil von {path} auszulassen, muss die Datei neu gelesen werden.</translation>
        </message>
        <message>
            <source>To make it one: git init {path}, then add and commit its files</source>
            <translation>So wird es eines: git init {path}, dann seine Dateien hinzufügen und committen</translation>
        </message>
        <message>
            <source>To remove it: git branch -D {branch}</source>
            <translation>Zum Entfernen: git branch -D {branch}</translation>
        </message>
        <message>
            <source>To take it back: git revert {commits}</source>
            <translation>Zum Zurücknehmen: git revert {commits}</translation>
        </message>
        <message>
            <source>To take it back: “Undo the merge” in the menu, or git revert {commit}</source>
            <translation>Zum Zurücknehmen: „Zusammenführung rückgängig machen“ im Menü oder git revert {commit}</translation>
        </message>
        <message>
            <source>Token</source>
            <translation>Token</translation>
        </message>
        <message>
            <source>Tokens</source>
            <translation>Token</translation>
        </message>
        <message>
            <source>Tokens after which it pauses and asks</source>
            <translation>Token, nach denen es pausiert und fragt</translation>
        </message>
        <message>
            <source>Took {task} out of {branch} again</source>
            <translation>{task} wieder aus {branch} herausgenommen</translation>
        </message>
        <message>
            <source>Trust its project's policy</source>
            <translation>Richtlinie des Projekts vertrauen</translation>
        </message>
        <message>
            <source>Trust the policy of {name} no more?</source>
            <translation>Der Richtlinie von {name} nicht mehr vertrauen?</translation>
        </message>
        <message>
            <source>Trust the policy of {name}?</source>
            <translation>Der Richtlinie von {name} vertrauen?</translation>
        </message>
        <message>
            <source>Trust the policy of {project}…</source>
            <translation>Der Richtlinie von {project} vertrauen…</translation>
        </message>
        <message>
            <source>Trust this project's policy…</source>
            <translation>Der Richtlinie dieses Projekts vertrauen…</translation>
        </message>
        <message>
            <source>Trust this version</source>
            <translation>Dieser Fassung vertrauen</translation>
        </message>
        <message>
            <source>Trusted: {file} of {path}, as it was shown.</source>
            <translation>Vertraut: {file} von {path}, wie gezeigt.</translation>
        </message>
        <message>
            <source>Trusting</source>
            <translation>Vertrauen wird festgehalten</translation>
        </message>
        <message>
            <source>Trust…</source>
            <translation>Vertrauen…</translation>
        </message>
        <message>
            <source>Try again</source>
            <translation>Erneut versuchen</translation>
        </message>
        <message>
            <source>Try again when it is ready.</source>
            <translation>Erneut versuchen, wenn es fertig ist.</translation>
        </message>
        <message>
            <source>Try again.</source>
            <translation>Erneut versuchen.</translation>
        </message>
        <message>
            <source>Try the sample</source>
            <translation>Beispiel</translation>
        </message>
        <message>
            <source>Try the sample project</source>
            <translation>Beispielprojekt ausprobieren</translation>
        </message>
        <message>
            <source>Trying the checkpoint again.</source>
            <translation>Der Prüfpunkt wird erneut versucht.</translation>
        </message>
        <message>
            <source>Tuesday</source>
            <translation>Dienstag</translation>
        </message>
        <message>
            <source>Undo</source>
            <translation>Rückgängig</translation>
        </message>
        <message>
            <source>Undo merge…</source>
            <translation>Rückgängig machen…</translation>
        </message>
        <message>
            <source>Undo restore</source>
            <translation>Wiederherstellung rückgängig machen</translation>
        </message>
        <message>
            <source>Undo the merge</source>
            <translation>Zusammenführung rückgängig machen</translation>
        </message>
        <message>
            <source>Undo the merge of the chosen task…</source>
            <translation>Zusammenführung der gewählten Aufgabe rückgängig machen…</translation>
        </message>
        <message>
            <source>Undo the merge of {task}?</source>
            <translation>Zusammenführung von {task} rückgängig machen?</translation>
        </message>
        <message>
            <source>Undo the merge of {task}…</source>
            <translation>Zusammenführung von {task} rückgängig machen…</translation>
        </message>
        <message>
            <source>Undo the restore of the chosen task</source>
            <translation>Wiederherstellung der gewählten Aufgabe rückgängig machen</translation>
        </message>
        <message>
            <source>Undo the restore of {task}</source>
            <translation>Wiederherstellung von {task} rückgängig machen</translation>
        </message>
        <message>
            <source>Undo the restore: back to checkpoint {ordinal}</source>
            <translation>Wiederherstellung rückgängig machen: zurück zu Prüfpunkt {ordinal}</translation>
        </message>
        <message>
            <source>Undoing the merge</source>
            <translation>Zusammenführung wird rückgängig gemacht</translation>
        </message>
        <message>
            <source>Unified</source>
            <translation>Vereint</translation>
        </message>
        <message>
            <source>Unknown</source>
            <translation>Unbekannt</translation>
        </message>
        <message>
            <source>Unload</source>
            <translation>Entladen</translation>
        </message>
        <message>
            <source>Unload {model}</source>
            <translation>{model} entladen</translation>
        </message>
        <message>
            <source>Unload {model}?</source>
            <translation>{model} entladen?</translation>
        </message>
        <message>
            <source>Unloading</source>
            <translation>Entlädt</translation>
        </message>
        <message>
            <source>Unloading {model}</source>
            <translation>{model} wird entladen</translation>
        </message>
        <message>
            <source>Unpin</source>
            <translation>Lösen</translation>
        </message>
        <message>
            <source>Unpin {model}</source>
            <translation>{model} lösen</translation>
        </message>
        <message>
            <source>Unpinning {model}</source>
            <translation>{model} wird gelöst</translation>
        </message>
        <message>
            <source>Until</source>
            <translation>Bis</translation>
        </message>
        <message>
            <source>Use OpenClaw no more?</source>
            <translation>OpenClaw nicht mehr verwenden?</translation>
        </message>
        <message>
            <source>Used</source>
            <translation>Verbraucht</translation>
        </message>
        <message>
            <source>Used so far</source>
            <translation>Bisher verbraucht</translation>
        </message>
        <message>
            <source>Variables</source>
            <translation>Variablen</translation>
        </message>
        <message>
            <source>Void: the content changed, and checkpoint {ordinal} waits instead. Nothing was approved here.</source>
            <translation>Ungültig: Der Inhalt hat sich geändert, stattdessen wartet Prüfpunkt {ordinal}. Hier wurde nichts freigegeben.</translation>
        </message>
        <message>
            <source>Waited {time} for you: {verdict}.</source>
            <translation>Wartete {time} auf eine Antwort: {verdict}.</translation>
        </message>
        <message>
            <source>Waited {time}.</source>
            <translation>Wartete {time}.</translation>
        </message>
        <message>
            <source>Waiting</source>
            <translation>Wartet</translation>
        </message>
        <message>
            <source>Waiting {time}</source>
            <translation>Wartet {time}</translation>
        </message>
        <message>
            <source>Waiting {time}.</source>
            <translation>Wartet {time}.</translation>
        </message>
        <message>
            <source>Waits</source>
            <translation>Wartezeiten</translation>
        </message>
        <message>
            <source>Waits for the other machine…</source>
            <translation>Wartet auf den anderen Rechner …</translation>
        </message>
        <message>
            <source>Waits for trust</source>
            <translation>Wartet auf Vertrauen</translation>
        </message>
        <message>
            <source>Warm templates</source>
            <translation>Warme Vorlagen</translation>
        </message>
        <message>
            <source>Wednesday</source>
            <translation>Mittwoch</translation>
        </message>
        <message>
            <source>Weight</source>
            <translation>Gewicht</translation>
        </message>
        <message>
            <source>What ClawDesk did</source>
            <translation>Was ClawDesk tat</translation>
        </message>
        <message>
            <source>What ClawDesk did, and the way back…</source>
            <translation>Was ClawDesk tat und der Weg zurück…</translation>
        </message>
        <message>
            <source>What a project may use of the models from now on. When it is used up, its calls wait and say so until you raise it. An empty field is no limit. A project of weight 2 gets twice the GPU time of one of weight 1 while both want it.</source>
            <translation>Was ein Projekt ab jetzt von den Modellen nutzen darf. Ist es aufgebraucht, warten seine Aufrufe und sagen es, bis es erhöht wird. Ein leeres Feld ist keine Grenze. Ein Projekt mit Gewicht 2 bekommt doppelt so viel GPU-Zeit wie eines mit Gewicht 1, solange beide sie wollen.</translation>
        </message>
        <message>
            <source>What a task itself changes in .clawdesk always needs your approval.</source>
            <translation>Was eine Aufgabe selbst in .clawdesk ändert, braucht immer eine Freigabe.</translation>
        </message>
        <message>
            <source>What becomes of an approval that nobody gives</source>
            <translation>Was aus einer Freigabe wird, die niemand gibt</translation>
        </message>
        <message>
            <source>What changed from one to the other, in files and in the machine</source>
            <translation>Was sich vom einen zum anderen geändert hat, in Dateien und in der Maschine</translation>
        </message>
        <message>
            <source>What happens next</source>
            <translation>Was als Nächstes geschieht</translation>
        </message>
        <message>
            <source>What is run often can be a task file. It appears here as soon as it is there: put this into {path}, for example.</source>
            <translation>Was öfter läuft, kann eine Aufgabendatei sein. Sie erscheint hier, sobald es sie gibt: schreiben Sie zum Beispiel dies in {path}.</translation>
        </message>
        <message>
            <source>What is shown there runs out by itself, and what let ClawDesk in is forgotten. Every request can be answered here all the same.</source>
            <translation>Was dort gezeigt wird, läuft von selbst ab, und was ClawDesk Zugang gab, wird vergessen. Jede Anfrage lässt sich trotzdem hier beantworten.</translation>
        </message>
        <message>
            <source>What it is told, and how it fits</source>
            <translation>Was ihm gesagt wird, und ob es passt</translation>
        </message>
        <message>
            <source>What it is told, for this task</source>
            <translation>Was ihm gesagt wird, für diese Aufgabe</translation>
        </message>
        <message>
            <source>What it means</source>
            <translation>Was es bedeutet</translation>
        </message>
        <message>
            <source>What ran</source>
            <translation>Was lief</translation>
        </message>
        <message>
            <source>What shall be done</source>
            <translation>Was getan werden soll</translation>
        </message>
        <message>
            <source>What shall be done?</source>
            <translation>Was soll getan werden?</translation>
        </message>
        <message>
            <source>What should be different here? Enter keeps it.</source>
            <translation>Was soll hier anders sein? Die Eingabetaste behält es.</translation>
        </message>
        <message>
            <source>What the agent is told</source>
            <translation>Was dem Agenten gesagt wird</translation>
        </message>
        <message>
            <source>What the agent says</source>
            <translation>Was der Agent sagt</translation>
        </message>
        <message>
            <source>What the agent was told</source>
            <translation>Was dem Agenten gesagt wurde</translation>
        </message>
        <message>
            <source>What the task ran</source>
            <translation>Was die Aufgabe ausführte</translation>
        </message>
        <message>
            <source>What to know before deciding</source>
            <translation>Was vor der Entscheidung zu wissen ist</translation>
        </message>
        <message>
            <source>What waits for you</source>
            <translation>Was auf eine Antwort wartet</translation>
        </message>
        <message>
            <source>What you approved</source>
            <translation>Das Freigegebene</translation>
        </message>
        <message>
            <source>What you change there stands in its next checkpoint, which also closes it.</source>
            <translation>Was sich dort ändert, steht im nächsten Prüfpunkt, der es auch schließt.</translation>
        </message>
        <message>
            <source>What you wrote is copied by Copy details; where it still waits, its dialog has it.</source>
            <translation>„Einzelheiten kopieren“ kopiert das Geschriebene; wo es noch wartet, steht es auch im Dialog.</translation>
        </message>
        <message>
            <source>Where the gateway runs: openclaw devices approve {request}</source>
            <translation>Wo das Gateway läuft: openclaw devices approve {request}</translation>
        </message>
        <message>
            <source>Where this computer gets packages is not what was shown any more; nothing is allowed. Look at it again: clawdesk images allow</source>
            <translation>Woher dieser Computer Pakete holt, ist nicht mehr, was gezeigt wurde; nichts ist erlaubt. Sehen Sie es noch einmal an: clawdesk images allow</translation>
        </message>
        <message>
            <source>Whether its prompts may leave this machine</source>
            <translation>Ob seine Anweisungen diesen Rechner verlassen dürfen</translation>
        </message>
        <message>
            <source>Whether you are asked what its agents may do</source>
            <translation>Ob gefragt wird, was seine Agenten tun dürfen</translation>
        </message>
        <message>
            <source>Who is first and finds no room this long gets a reservation</source>
            <translation>Wer vorn ist und so lange keinen Platz findet, bekommt eine Reservierung</translation>
        </message>
        <message>
            <source>Who waits for it has it loaded again as soon as there is room.</source>
            <translation>Wer darauf wartet, lässt es wieder laden, sobald Platz ist.</translation>
        </message>
        <message>
            <source>Why</source>
            <translation>Warum</translation>
        </message>
        <message>
            <source>Why you are asked</source>
            <translation>Grund der Anfrage</translation>
        </message>
        <message>
            <source>Why you are asked: {why}</source>
            <translation>Grund der Anfrage: {why}</translation>
        </message>
        <message>
            <source>Why {name} is limited</source>
            <translation>Warum {name} eingeschränkt ist</translation>
        </message>
        <message>
            <source>Window</source>
            <translation>Fenster</translation>
        </message>
        <message>
            <source>With an OpenClaw gateway of yours, checkpoints and questions also reach your phone and your chats. The first valid answer counts, wherever it is given.</source>
            <translation>Mit einem eigenen OpenClaw-Gateway erreichen Prüfpunkte und Fragen auch das Telefon und die Chats. Die erste gültige Antwort zählt, wo immer sie gegeben wird.</translation>
        </message>
        <message>
            <source>With your branch</source>
            <translation>Mit dem eigenen Zweig</translation>
        </message>
        <message>
            <source>Withdraw the invitation</source>
            <translation>Einladung zurückziehen</translation>
        </message>
        <message>
            <source>Withdraw the invitation that is open</source>
            <translation>Die offene Einladung zurückziehen</translation>
        </message>
        <message>
            <source>Withdrawing the invitation</source>
            <translation>Die Einladung wird zurückgezogen</translation>
        </message>
        <message>
            <source>Words typed in its chats are taken: /clawdesk.</source>
            <translation>Worte aus seinen Chats werden angenommen: /clawdesk.</translation>
        </message>
        <message>
            <source>Work there, or close it there first.</source>
            <translation>Dort arbeiten oder es dort zuerst schließen.</translation>
        </message>
        <message>
            <source>Would run here</source>
            <translation>Würde hier laufen</translation>
        </message>
        <message>
            <source>Write a prompt</source>
            <translation>Anweisung schreiben</translation>
        </message>
        <message>
            <source>Write a prompt for an agent…</source>
            <translation>Anweisung für einen Agenten schreiben…</translation>
        </message>
        <message>
            <source>Write a prompt…</source>
            <translation>Anweisung schreiben…</translation>
        </message>
        <message>
            <source>Write what you ask in your own words.</source>
            <translation>Die Rückfrage in eigenen Worten schreiben.</translation>
        </message>
        <message>
            <source>Writes what you typed, with its agent, model, priority and memory, as a file into your folder of {project}. Nothing starts and nothing is committed.</source>
            <translation>Schreibt die Anweisung mit Agent, Modell, Priorität und Speicher als Datei in den eigenen Ordner von {project}. Nichts beginnt, und nichts wird committet.</translation>
        </message>
        <message>
            <source>Writing {path}</source>
            <translation>{path} wird geschrieben</translation>
        </message>
        <message>
            <source>Yielding</source>
            <translation>Weicht</translation>
        </message>
        <message>
            <source>You asked back, and the step takes no question in return: to answer, go back to checkpoint {ordinal}.</source>
            <translation>Sie haben rückgefragt, und der Schritt nimmt keine Rückfrage an: Zum Antworten auf Prüfpunkt {ordinal} zurücksetzen.</translation>
        </message>
        <message>
            <source>You asked back: {words}</source>
            <translation>Ihre Rückfrage: {words}</translation>
        </message>
        <message>
            <source>You changed {paths} since the merge. Nothing was undone.</source>
            <translation>Sie haben {paths} seit der Zusammenführung geändert. Nichts wurde rückgängig gemacht.</translation>
        </message>
        <message>
            <source>You changed {paths}, which the task changed too. Nothing was merged.</source>
            <translation>Selbst geändert wurden {paths}, und die Aufgabe änderte sie auch. Nichts wurde zusammengeführt.</translation>
        </message>
        <message>
            <source>You choose a task</source>
            <translation>Eine Aufgabe wählen</translation>
        </message>
        <message>
            <source>You decide</source>
            <translation>Entscheiden</translation>
        </message>
        <message>
            <source>You take it back in the settings, under your rules, or by {command}.</source>
            <translation>Sie nehmen es in den Einstellungen unter Ihren Regeln zurück, oder mit {command}.</translation>
        </message>
        <message>
            <source>You trust this version (sha256 {digest}).</source>
            <translation>Dieser Fassung wird vertraut (sha256 {digest}).</translation>
        </message>
        <message>
            <source>Your answer cannot be kept until later: {why}</source>
            <translation>Die Antwort kann nicht bis später behalten werden: {why}</translation>
        </message>
        <message>
            <source>Your answer is not sent yet</source>
            <translation>Die Antwort ist noch nicht gesendet</translation>
        </message>
        <message>
            <source>Your answer is not sent yet. Another takes its place.</source>
            <translation>Die Antwort ist noch nicht gesendet. Eine andere tritt an ihre Stelle.</translation>
        </message>
        <message>
            <source>Your answer to {task} was not sent. {why}</source>
            <translation>Die Antwort an {task} wurde nicht gesendet. {why}</translation>
        </message>
        <message>
            <source>Your approval is not sent yet</source>
            <translation>Die Freigabe ist noch nicht gesendet</translation>
        </message>
        <message>
            <source>Your branch</source>
            <translation>Eigener Zweig</translation>
        </message>
        <message>
            <source>Your branch is on both sides: choose a checkpoint on one.</source>
            <translation>Der eigene Zweig steht auf beiden Seiten: auf einer einen Prüfpunkt wählen.</translation>
        </message>
        <message>
            <source>Your branch {branch}</source>
            <translation>Eigener Zweig {branch}</translation>
        </message>
        <message>
            <source>Your changes</source>
            <translation>Eigene Änderungen</translation>
        </message>
        <message>
            <source>Your comments. Enter changes, Delete removes.</source>
            <translation>Eigene Kommentare. Eingabetaste ändert, Entf entfernt.</translation>
        </message>
        <message>
            <source>Your files as they are now</source>
            <translation>Eigene Dateien, wie sie jetzt sind</translation>
        </message>
        <message>
            <source>Your own edits</source>
            <translation>Eigene Bearbeitungen</translation>
        </message>
        <message>
            <source>Your own words</source>
            <translation>Eigene Worte</translation>
        </message>
        <message>
            <source>Your policy.toml is not changed: {why}. Remove the table {table} yourself; it begins on line {line}.</source>
            <translation>Ihre policy.toml wird nicht geändert: {why}. Entfernen Sie die Tabelle {table} selbst; sie beginnt in Zeile {line}.</translation>
        </message>
        <message>
            <source>Your policy.toml is not changed: {why}. Write it into the file yourself: {lines}</source>
            <translation>Ihre policy.toml wird nicht geändert: {why}. Schreiben Sie es selbst in die Datei: {lines}</translation>
        </message>
        <message>
            <source>Your question back is not sent yet</source>
            <translation>Die Rückfrage ist noch nicht gesendet</translation>
        </message>
        <message>
            <source>Your rejection is not sent yet</source>
            <translation>Die Ablehnung ist noch nicht gesendet</translation>
        </message>
        <message>
            <source>Your rules and trust</source>
            <translation>Eigene Regeln und Vertrauen</translation>
        </message>
        <message>
            <source>Your rules for this machine</source>
            <translation>Eigene Regeln für diesen Rechner</translation>
        </message>
        <message>
            <source>Your rules…</source>
            <translation>Eigene Regeln…</translation>
        </message>
        <message>
            <source>Your state before is kept; “What ClawDesk did” says how to go back.</source>
            <translation>Der Stand davor bleibt erhalten; „Was ClawDesk tat“ nennt den Weg zurück.</translation>
        </message>
        <message>
            <source>Your version of the file</source>
            <translation>Eigene Fassung der Datei</translation>
        </message>
        <message>
            <source>Zoom in</source>
            <translation>Vergrößern</translation>
        </message>
        <message>
            <source>Zoom out</source>
            <translation>Verkleinern</translation>
        </message>
        <message>
            <source>[peers] use in your own {file} is “never”</source>
            <translation>[peers] use in Ihrer eigenen {file} ist „never“</translation>
        </message>
        <message numerus="yes">
            <source>[{count} more lines left out]</source>
            <extracomment>For one: [{count} more line left out]</extracomment>
            <translation>
                <numerusform>[{count} weitere Zeile ausgelassen]</numerusform>
                <numerusform>[{count} weitere Zeilen ausgelassen]</numerusform>
            </translation>
        </message>
        <message>
            <source>`clawdesk run --headless` and all commands.</source>
            <translation>`clawdesk run --headless` und alle Befehle.</translation>
        </message>
        <message>
            <source>a GPU comes back</source>
            <translation>eine GPU kommt zurück</translation>
        </message>
        <message>
            <source>a GPU that is gone</source>
            <translation>eine GPU, die fort ist</translation>
        </message>
        <message>
            <source>a budget of {amount} GPU hours</source>
            <translation>ein Budget von {amount} GPU-Stunden</translation>
        </message>
        <message>
            <source>a budget of {amount} tokens</source>
            <translation>ein Budget von {amount} Token</translation>
        </message>
        <message>
            <source>a call in flight ends</source>
            <translation>ein laufender Aufruf endet</translation>
        </message>
        <message>
            <source>a call without a task</source>
            <translation>ein Aufruf ohne Aufgabe</translation>
        </message>
        <message>
            <source>a checkpoint</source>
            <translation>ein Prüfpunkt</translation>
        </message>
        <message>
            <source>a checkpoint could not be made</source>
            <translation>ein Prüfpunkt war nicht möglich</translation>
        </message>
        <message>
            <source>a coding assistant obeys it in your copy</source>
            <translation>ein Programmierassistent befolgt sie in der eigenen Kopie</translation>
        </message>
        <message>
            <source>a line break at the end</source>
            <translation>ein Zeilenende am Schluss</translation>
        </message>
        <message>
            <source>a machine of its own ({size}): it queues like any task, and its log and history are its own</source>
            <translation>eine eigene Maschine ({size}): Sie steht an wie jede Aufgabe, und Protokoll und Verlauf sind ihre eigenen</translation>
        </message>
        <message>
            <source>a model</source>
            <translation>ein Modell</translation>
        </message>
        <message>
            <source>a person had a shell in the machine</source>
            <translation>eine Person hatte eine Shell in der Maschine</translation>
        </message>
        <message>
            <source>a quarter, at least 2 GiB</source>
            <translation>ein Viertel, mindestens 2 GiB</translation>
        </message>
        <message>
            <source>a smaller [machine] table in the task file, or a larger host</source>
            <translation>eine kleinere Tabelle [machine] in der Aufgabendatei oder ein größerer Rechner</translation>
        </message>
        <message>
            <source>a step</source>
            <translation>ein Schritt</translation>
        </message>
        <message>
            <source>a symbolic link: its text is where it points</source>
            <translation>eine symbolische Verknüpfung: ihr Text ist ihr Ziel</translation>
        </message>
        <message>
            <source>about {time}</source>
            <translation>etwa {time}</translation>
        </message>
        <message>
            <source>add a project, repository</source>
            <translation>projekt hinzufügen, repository</translation>
        </message>
        <message>
            <source>added</source>
            <translation>hinzugefügt</translation>
        </message>
        <message>
            <source>added: {text}</source>
            <translation>hinzugefügt: {text}</translation>
        </message>
        <message>
            <source>after a merge</source>
            <translation>nach dem Zusammenführen</translation>
        </message>
        <message>
            <source>all</source>
            <translation>alle</translation>
        </message>
        <message>
            <source>all projects</source>
            <translation>alle Projekte</translation>
        </message>
        <message>
            <source>all steps done</source>
            <translation>alle Schritte erledigt</translation>
        </message>
        <message>
            <source>all steps: {spent}</source>
            <translation>alle Schritte: {spent}</translation>
        </message>
        <message>
            <source>all ticked</source>
            <translation>alle angehakt</translation>
        </message>
        <message>
            <source>all {count} slots of {model} are in use</source>
            <translation>alle {count} Plätze von {model} sind belegt</translation>
        </message>
        <message>
            <source>allow, permissions</source>
            <translation>erlauben, rechte</translation>
        </message>
        <message>
            <source>also changed by you</source>
            <translation>auch selbst geändert</translation>
        </message>
        <message>
            <source>amended</source>
            <translation>geändert freigegeben</translation>
        </message>
        <message>
            <source>an errand of the window failed</source>
            <translation>ein Auftrag des Fensters ist gescheitert</translation>
        </message>
        <message>
            <source>an image built once</source>
            <translation>ein einmal gebautes Abbild</translation>
        </message>
        <message>
            <source>and {count} more</source>
            <translation>und {count} weitere</translation>
        </message>
        <message numerus="yes">
            <source>and {count} more requests</source>
            <extracomment>For one: and one more request</extracomment>
            <translation>
                <numerusform>und eine weitere Anfrage</numerusform>
                <numerusform>und {count} weitere Anfragen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>and {count} more tasks</source>
            <extracomment>For one: and {count} more task</extracomment>
            <translation>
                <numerusform>und {count} weitere Aufgabe</numerusform>
                <numerusform>und {count} weitere Aufgaben</numerusform>
            </translation>
        </message>
        <message>
            <source>another ClawDesk holds it</source>
            <translation>ein anderes ClawDesk hält es</translation>
        </message>
        <message>
            <source>another ClawDesk holds it: process {process} of {who}</source>
            <translation>ein anderes ClawDesk hält es: Prozess {process} von {who}</translation>
        </message>
        <message>
            <source>another task needs its memory</source>
            <translation>eine andere Aufgabe braucht ihren Speicher</translation>
        </message>
        <message>
            <source>another task of its project ends, or a larger quota in policy.toml</source>
            <translation>eine andere Aufgabe ihres Projekts endet, oder ein größeres Kontingent in policy.toml</translation>
        </message>
        <message>
            <source>answered</source>
            <translation>beantwortet</translation>
        </message>
        <message>
            <source>appearance, colours, night</source>
            <translation>aussehen, farben, nacht</translation>
        </message>
        <message>
            <source>applied</source>
            <translation>angewendet</translation>
        </message>
        <message>
            <source>apply, commit, take over</source>
            <translation>übernehmen, anwenden, commit</translation>
        </message>
        <message>
            <source>approve {ordinal}</source>
            <translation>{ordinal} freigeben</translation>
        </message>
        <message>
            <source>approve, reject with a reason, or answer a question</source>
            <translation>freigeben, mit Grund ablehnen oder eine Frage beantworten</translation>
        </message>
        <message>
            <source>approve, reject, answer, review, inbox</source>
            <translation>freigeben, ablehnen, antworten, prüfen, eingang</translation>
        </message>
        <message>
            <source>approved</source>
            <translation>freigegeben</translation>
        </message>
        <message>
            <source>as it calls itself</source>
            <translation>wie er sich selbst nennt</translation>
        </message>
        <message>
            <source>as on the branch</source>
            <translation>wie auf dem Zweig</translation>
        </message>
        <message>
            <source>as the agent made it</source>
            <translation>wie vom Agenten gemacht</translation>
        </message>
        <message>
            <source>as the task left it</source>
            <translation>wie von der Aufgabe hinterlassen</translation>
        </message>
        <message>
            <source>asked back</source>
            <translation>rückgefragt</translation>
        </message>
        <message>
            <source>asked back: {why}</source>
            <translation>zurückverlangt: {why}</translation>
        </message>
        <message>
            <source>asked to give its machine back</source>
            <translation>um Abgabe ihrer Maschine gebeten</translation>
        </message>
        <message>
            <source>asked to unload</source>
            <translation>zum Entladen aufgefordert</translation>
        </message>
        <message>
            <source>asks you: {question}</source>
            <translation>fragt: {question}</translation>
        </message>
        <message>
            <source>assistant setting</source>
            <translation>Assistenten-Einstellung</translation>
        </message>
        <message>
            <source>at any time</source>
            <translation>irgendwann</translation>
        </message>
        <message>
            <source>at most 32 small letters, digits, and . _ - between them</source>
            <translation>höchstens 32 kleine Buchstaben, Ziffern, und . _ - dazwischen</translation>
        </message>
        <message>
            <source>at the start</source>
            <translation>am Start</translation>
        </message>
        <message>
            <source>at {ordinal}</source>
            <translation>bei {ordinal}</translation>
        </message>
        <message>
            <source>attempt {number} ended</source>
            <translation>Versuch {number} endete</translation>
        </message>
        <message>
            <source>away</source>
            <translation>weg</translation>
        </message>
        <message>
            <source>back to a checkpoint</source>
            <translation>zurück zu einem Prüfpunkt</translation>
        </message>
        <message>
            <source>back to checkpoint {ordinal}</source>
            <translation>zurück zu Prüfpunkt {ordinal}</translation>
        </message>
        <message>
            <source>back to {where}</source>
            <translation>zurück zu: {where}</translation>
        </message>
        <message>
            <source>becomes executable</source>
            <translation>wird ausführbar</translation>
        </message>
        <message>
            <source>before a restore</source>
            <translation>vor einer Wiederherstellung</translation>
        </message>
        <message>
            <source>before going back</source>
            <translation>vor dem Zurückgehen</translation>
        </message>
        <message>
            <source>being given back</source>
            <translation>wird gerade zurückgegeben</translation>
        </message>
        <message>
            <source>being written to Git</source>
            <translation>wird nach Git geschrieben</translation>
        </message>
        <message>
            <source>binary, {before} → {after}</source>
            <translation>binär, {before} → {after}</translation>
        </message>
        <message>
            <source>branch, alternative, copy</source>
            <translation>zweig, alternative, kopie</translation>
        </message>
        <message>
            <source>bring the folder back</source>
            <translation>den Ordner zurückbringen</translation>
        </message>
        <message>
            <source>budget {hours} and {tokens}</source>
            <translation>Budget {hours} und {tokens}</translation>
        </message>
        <message>
            <source>budget {limit}</source>
            <translation>Budget {limit}</translation>
        </message>
        <message>
            <source>build file</source>
            <translation>Build-Datei</translation>
        </message>
        <message>
            <source>calls {tool}</source>
            <translation>ruft {tool} auf</translation>
        </message>
        <message>
            <source>cancelled</source>
            <translation>abgebrochen</translation>
        </message>
        <message>
            <source>cancelled by {who} via {channel}</source>
            <translation>abgebrochen von {who} über {channel}</translation>
        </message>
        <message>
            <source>changed by both, alike</source>
            <translation>von beiden gleich geändert</translation>
        </message>
        <message>
            <source>changed by the task</source>
            <translation>von der Aufgabe geändert</translation>
        </message>
        <message>
            <source>changed in checkpoint {ordinal} of {task}</source>
            <translation>geändert in Prüfpunkt {ordinal} von {task}</translation>
        </message>
        <message>
            <source>changed on the branch</source>
            <translation>auf dem Zweig geändert</translation>
        </message>
        <message>
            <source>changes in the task's copy, which could not be listed now</source>
            <translation>Änderungen in der Kopie der Aufgabe, die sich jetzt nicht auflisten ließen</translation>
        </message>
        <message>
            <source>checking</source>
            <translation>wird geprüft</translation>
        </message>
        <message>
            <source>checking the model's files</source>
            <translation>die Dateien des Modells werden geprüft</translation>
        </message>
        <message>
            <source>checkpoint {ordinal}</source>
            <translation>Prüfpunkt {ordinal}</translation>
        </message>
        <message>
            <source>checkpoint {ordinal} is taken</source>
            <translation>Prüfpunkt {ordinal} wird angelegt</translation>
        </message>
        <message>
            <source>checkpoints</source>
            <translation>Prüfpunkte</translation>
        </message>
        <message>
            <source>class {name}: its tasks go before those of other projects</source>
            <translation>Klasse {name}: Seine Aufgaben gehen vor denen anderer Projekte</translation>
        </message>
        <message>
            <source>clawdesk-fabric load {model} starts it anew where there is room</source>
            <translation>clawdesk-fabric load {model} startet es neu, wo Platz ist</translation>
        </message>
        <message>
            <source>clean</source>
            <translation>sauber</translation>
        </message>
        <message>
            <source>command {name}</source>
            <translation>Befehl {name}</translation>
        </message>
        <message>
            <source>commands</source>
            <translation>Befehle</translation>
        </message>
        <message>
            <source>commit.gpgSign is on: commits made by a merge here are not signed yet.</source>
            <translation>commit.gpgSign ist an: Commits einer Zusammenführung werden hier noch nicht signiert.</translation>
        </message>
        <message>
            <source>commits stay</source>
            <translation>Commits bleiben</translation>
        </message>
        <message>
            <source>completed after {seconds} s</source>
            <translation>nach {seconds} s fertig</translation>
        </message>
        <message>
            <source>confinement</source>
            <translation>Einschließung</translation>
        </message>
        <message>
            <source>conflict</source>
            <translation>Konflikt</translation>
        </message>
        <message>
            <source>connected</source>
            <translation>verbunden</translation>
        </message>
        <message>
            <source>connecting</source>
            <translation>verbindet sich</translation>
        </message>
        <message>
            <source>container recipe</source>
            <translation>Container-Rezept</translation>
        </message>
        <message>
            <source>decided</source>
            <translation>entschieden</translation>
        </message>
        <message>
            <source>default</source>
            <translation>Vorgabe</translation>
        </message>
        <message>
            <source>delete, remove, hide</source>
            <translation>löschen, entfernen, ausblenden</translation>
        </message>
        <message>
            <source>deleted</source>
            <translation>gelöscht</translation>
        </message>
        <message numerus="yes">
            <source>deletes {count} files</source>
            <extracomment>For one: deletes {count} file</extracomment>
            <translation>
                <numerusform>löscht {count} Datei</numerusform>
                <numerusform>löscht {count} Dateien</numerusform>
            </translation>
        </message>
        <message>
            <source>delivered</source>
            <translation>zugestellt</translation>
        </message>
        <message>
            <source>detached HEAD</source>
            <translation>losgelöster HEAD</translation>
        </message>
        <message>
            <source>did with less</source>
            <translation>kam mit weniger aus</translation>
        </message>
        <message>
            <source>diff, difference</source>
            <translation>unterschiede, diff</translation>
        </message>
        <message>
            <source>diff, files</source>
            <translation>unterschiede, diff, dateien</translation>
        </message>
        <message>
            <source>disk</source>
            <translation>Datenträger</translation>
        </message>
        <message>
            <source>disk {disk}</source>
            <translation>Datenträger {disk}</translation>
        </message>
        <message>
            <source>doctor, checks, setup, problems</source>
            <translation>prüfung, einrichtung, probleme, doctor</translation>
        </message>
        <message>
            <source>done</source>
            <translation>fertig</translation>
        </message>
        <message>
            <source>driver</source>
            <translation>Treiber</translation>
        </message>
        <message>
            <source>each ends in a checkpoint you can go back to</source>
            <translation>jeder endet in einem Prüfpunkt, zu dem ein Weg zurückführt</translation>
        </message>
        <message>
            <source>edited by you</source>
            <translation>selbst bearbeitet</translation>
        </message>
        <message>
            <source>edited by you, not saved</source>
            <translation>selbst bearbeitet, nicht gespeichert</translation>
        </message>
        <message>
            <source>editor setting</source>
            <translation>Editor-Einstellung</translation>
        </message>
        <message>
            <source>emulated</source>
            <translation>emuliert</translation>
        </message>
        <message>
            <source>end of turn</source>
            <translation>Ende der Runde</translation>
        </message>
        <message>
            <source>ended with {code}</source>
            <translation>endete mit {code}</translation>
        </message>
        <message>
            <source>ended{at}</source>
            <translation>beendet{at}</translation>
        </message>
        <message>
            <source>estimated</source>
            <translation>geschätzt</translation>
        </message>
        <message>
            <source>executable</source>
            <translation>ausführbar</translation>
        </message>
        <message>
            <source>exit, close</source>
            <translation>schließen, verlassen</translation>
        </message>
        <message>
            <source>failed</source>
            <translation>gescheitert</translation>
        </message>
        <message>
            <source>failed after {seconds} s</source>
            <translation>nach {seconds} s gescheitert</translation>
        </message>
        <message>
            <source>failed {time}</source>
            <translation>gescheitert {time}</translation>
        </message>
        <message>
            <source>file</source>
            <translation>Datei</translation>
        </message>
        <message>
            <source>files</source>
            <translation>Dateien</translation>
        </message>
        <message>
            <source>files only</source>
            <translation>nur Dateien</translation>
        </message>
        <message>
            <source>files only, a fresh machine</source>
            <translation>nur Dateien, eine frische Maschine</translation>
        </message>
        <message>
            <source>files only: {why}</source>
            <translation>nur Dateien: {why}</translation>
        </message>
        <message>
            <source>finished{at} · not merged yet</source>
            <translation>fertig{at} · noch nicht zusammengeführt</translation>
        </message>
        <message>
            <source>folded</source>
            <translation>eingeklappt</translation>
        </message>
        <message>
            <source>following</source>
            <translation>folgt</translation>
        </message>
        <message>
            <source>for ever</source>
            <translation>für immer</translation>
        </message>
        <message>
            <source>fork {where} · {priority}</source>
            <translation>Abzweigung {where} · {priority}</translation>
        </message>
        <message>
            <source>free</source>
            <translation>frei</translation>
        </message>
        <message>
            <source>free space there, e.g. by `clawdesk prune`; waiting tasks then start by themselves</source>
            <translation>dort Platz schaffen, z. B. mit `clawdesk prune`; wartende Aufgaben starten dann von selbst</translation>
        </message>
        <message>
            <source>free text</source>
            <translation>freier Text</translation>
        </message>
        <message>
            <source>from a prompt</source>
            <translation>aus einer Anweisung</translation>
        </message>
        <message>
            <source>gave its machine back at {where}</source>
            <translation>gab ihre Maschine ab: {where}</translation>
        </message>
        <message>
            <source>gave the model back</source>
            <translation>gab das Modell zurück</translation>
        </message>
        <message>
            <source>gives its machine back</source>
            <translation>gibt ihre Maschine ab</translation>
        </message>
        <message>
            <source>goes</source>
            <translation>geht</translation>
        </message>
        <message>
            <source>goes back to {where}</source>
            <translation>geht zurück: {where}</translation>
        </message>
        <message>
            <source>goes back to {where}, where the agent is told: {prompt}</source>
            <translation>geht zurück ({where}), wo der Agent die Anweisung erhält: {prompt}</translation>
        </message>
        <message>
            <source>guest image</source>
            <translation>Gast-Abbild</translation>
        </message>
        <message>
            <source>has a machine that cannot be reached</source>
            <translation>hat eine Maschine, die nicht erreichbar ist</translation>
        </message>
        <message>
            <source>has a machine that is being brought back: try again in a moment</source>
            <translation>hat eine Maschine, die gerade zurückgebracht wird: gleich noch einmal versuchen</translation>
        </message>
        <message>
            <source>has a machine that still starts: try again in a moment</source>
            <translation>hat eine Maschine, die noch startet: gleich noch einmal versuchen</translation>
        </message>
        <message>
            <source>has ended, and its machine is gone</source>
            <translation>ist zu Ende, und ihre Maschine ist fort</translation>
        </message>
        <message>
            <source>has no machine while it waits</source>
            <translation>hat keine Maschine, während sie wartet</translation>
        </message>
        <message>
            <source>held by {names}</source>
            <translation>gehalten von {names}</translation>
        </message>
        <message>
            <source>help</source>
            <translation>Hilfe</translation>
        </message>
        <message>
            <source>here</source>
            <translation>da</translation>
        </message>
        <message>
            <source>high</source>
            <translation>hoch</translation>
        </message>
        <message>
            <source>high ({number:+d})</source>
            <translation>hoch ({number:+d})</translation>
        </message>
        <message>
            <source>history, undo, audit</source>
            <translation>verlauf, rückgängig</translation>
        </message>
        <message>
            <source>holds the model {model}</source>
            <translation>hält das Modell {model}</translation>
        </message>
        <message>
            <source>host</source>
            <translation>Rechner</translation>
        </message>
        <message>
            <source>in a container, not ours</source>
            <translation>in einem Container, fremd</translation>
        </message>
        <message>
            <source>in part</source>
            <translation>teilweise</translation>
        </message>
        <message>
            <source>in the queue</source>
            <translation>in der Warteschlange</translation>
        </message>
        <message>
            <source>in use</source>
            <translation>belegt</translation>
        </message>
        <message>
            <source>in use, held by tasks</source>
            <translation>belegt, von Aufgaben gehalten</translation>
        </message>
        <message>
            <source>in {time}, {begin} to {end}</source>
            <translation>in {time}, {begin} bis {end}</translation>
        </message>
        <message>
            <source>is back in the list</source>
            <translation>ist wieder in der Liste</translation>
        </message>
        <message>
            <source>is being taken back to checkpoint {ordinal}</source>
            <translation>wird zu Prüfpunkt {ordinal} zurückgebracht</translation>
        </message>
        <message>
            <source>is executable: it runs when you or a script starts it</source>
            <translation>ist ausführbar: läuft, wenn jemand oder ein Skript es startet</translation>
        </message>
        <message>
            <source>is in the archive; its history stays</source>
            <translation>liegt im Archiv; der Verlauf bleibt</translation>
        </message>
        <message>
            <source>it asks you</source>
            <translation>es fragt</translation>
        </message>
        <message>
            <source>it asks {value}</source>
            <translation>es verlangt {value}</translation>
        </message>
        <message>
            <source>it can be merged once more</source>
            <translation>sie kann noch einmal zusammengeführt werden</translation>
        </message>
        <message>
            <source>it closed the connection</source>
            <translation>es schloss die Verbindung</translation>
        </message>
        <message>
            <source>it does not answer in time</source>
            <translation>es antwortet nicht rechtzeitig</translation>
        </message>
        <message>
            <source>it does not say until when</source>
            <translation>sie sagt nicht, bis wann</translation>
        </message>
        <message>
            <source>it has characters that do not show ({name})</source>
            <translation>sie hat Zeichen, die sich nicht zeigen lassen ({name})</translation>
        </message>
        <message>
            <source>it has no checkpoint yet</source>
            <translation>sie hat noch keinen Prüfpunkt</translation>
        </message>
        <message>
            <source>it has no forks, and is none</source>
            <translation>sie hat keine Abzweigungen und ist keine</translation>
        </message>
        <message>
            <source>it has no older checkpoint</source>
            <translation>sie hat keinen älteren Prüfpunkt</translation>
        </message>
        <message>
            <source>it has not begun</source>
            <translation>sie hat noch nicht begonnen</translation>
        </message>
        <message>
            <source>it has {count:,} bytes; up to {most:,} are edited here</source>
            <translation>sie hat {count:,} Bytes; bis zu {most:,} werden hier bearbeitet</translation>
        </message>
        <message>
            <source>it is being loaded</source>
            <translation>es wird gerade geladen</translation>
        </message>
        <message>
            <source>it is being unloaded</source>
            <translation>es wird gerade entladen</translation>
        </message>
        <message>
            <source>it is binary</source>
            <translation>sie ist binär</translation>
        </message>
        <message>
            <source>it is built once</source>
            <translation>es wird einmal gebaut</translation>
        </message>
        <message>
            <source>it is deleted: untick it to keep the old file</source>
            <translation>sie ist gelöscht: Haken entfernen, um die alte Datei zu behalten</translation>
        </message>
        <message>
            <source>it is merged into {merged_into}</source>
            <translation>sie ist in {merged_into} zusammengeführt</translation>
        </message>
        <message>
            <source>it is not UTF-8 text</source>
            <translation>sie ist kein UTF-8-Text</translation>
        </message>
        <message>
            <source>it is not known which files it changes.</source>
            <translation>unbekannt ist, welche Dateien es ändert.</translation>
        </message>
        <message>
            <source>it is not merged</source>
            <translation>sie ist nicht zusammengeführt</translation>
        </message>
        <message>
            <source>it is opened again</source>
            <translation>es wird wieder geöffnet</translation>
        </message>
        <message>
            <source>it is reserved now; end the reservation first</source>
            <translation>es ist jetzt reserviert; zuerst die Reservierung beenden</translation>
        </message>
        <message>
            <source>it is stopped</source>
            <translation>es ist gestoppt</translation>
        </message>
        <message>
            <source>it is what later tasks do and what you are asked about</source>
            <translation>sie bestimmt, was spätere Aufgaben tun und wozu gefragt wird</translation>
        </message>
        <message>
            <source>it runs {command}</source>
            <translation>es führt {command} aus</translation>
        </message>
        <message>
            <source>it waited for you for {seconds} s</source>
            <translation>sie wartete {seconds} s auf eine Antwort</translation>
        </message>
        <message>
            <source>it was not restored</source>
            <translation>sie wurde nicht zurückgesetzt</translation>
        </message>
        <message>
            <source>its Git directory cannot be written (is its disk mounted read-only?)</source>
            <translation>das Git-Verzeichnis ist nicht beschreibbar (ist der Datenträger nur zum Lesen eingehängt?)</translation>
        </message>
        <message>
            <source>its agents get every permission they ask for, and you are not asked</source>
            <translation>seine Agenten erhalten jede verlangte Erlaubnis, ohne dass gefragt wird</translation>
        </message>
        <message>
            <source>its build was cut off</source>
            <translation>sein Bau wurde abgebrochen</translation>
        </message>
        <message>
            <source>its calls in flight end</source>
            <translation>die laufenden Aufrufe enden</translation>
        </message>
        <message>
            <source>its checkpoints stay; it cannot go on</source>
            <translation>die Prüfpunkte bleiben; weitergehen kann sie nicht</translation>
        </message>
        <message>
            <source>its history was removed from Git by another program.</source>
            <translation>ihr Verlauf wurde von einem anderen Programm aus Git entfernt.</translation>
        </message>
        <message>
            <source>its holder ends or gives the project up</source>
            <translation>der Inhaber endet oder gibt das Projekt ab</translation>
        </message>
        <message>
            <source>its last commit</source>
            <translation>sein letzter Commit</translation>
        </message>
        <message>
            <source>its lines end in different ways, which an editor would level</source>
            <translation>ihre Zeilen enden verschieden, was ein Editor angleichen würde</translation>
        </message>
        <message>
            <source>its machine boots</source>
            <translation>ihre Maschine startet</translation>
        </message>
        <message>
            <source>its machine is given back</source>
            <translation>ihre Maschine wird abgegeben</translation>
        </message>
        <message>
            <source>its machine is looked for after a restart</source>
            <translation>ihre Maschine wird nach einem Neustart gesucht</translation>
        </message>
        <message>
            <source>its machine outlived the plane and was taken up again</source>
            <translation>ihre Maschine überlebte die Steuerung und wurde wieder übernommen</translation>
        </message>
        <message>
            <source>its merge moved no branch</source>
            <translation>ihre Zusammenführung hat keinen Branch bewegt</translation>
        </message>
        <message>
            <source>its other forks ended; their commits stay</source>
            <translation>ihre anderen Abzweigungen sind beendet; deren Commits bleiben</translation>
        </message>
        <message>
            <source>its project may hold {limit}, and holds {used} in {machines} machines</source>
            <translation>ihr Projekt darf {limit} halten und hält {used} in {machines} Maschinen</translation>
        </message>
        <message>
            <source>its project's policy asks for more than you have allowed: {what}</source>
            <translation>die Richtlinie ihres Projekts verlangt mehr als erlaubt: {what}</translation>
        </message>
        <message>
            <source>its prompts may leave this machine</source>
            <translation>seine Anweisungen dürfen diesen Rechner verlassen</translation>
        </message>
        <message>
            <source>its question again, to be answered anew: {question}</source>
            <translation>ihre Frage erneut, neu zu beantworten: {question}</translation>
        </message>
        <message>
            <source>its start</source>
            <translation>ihr Start</translation>
        </message>
        <message>
            <source>its turn; `clawdesk why {task}` counts it out</source>
            <translation>sie ist an der Reihe; `clawdesk why {task}` rechnet es vor</translation>
        </message>
        <message>
            <source>kept for the desktop</source>
            <translation>für den Desktop freigehalten</translation>
        </message>
        <message>
            <source>kept · {words}</source>
            <translation>behalten · {words}</translation>
        </message>
        <message>
            <source>kept, not part of this: {own_edits}</source>
            <translation>behalten, nicht Teil hiervon: {own_edits}</translation>
        </message>
        <message>
            <source>kept; its other forks end</source>
            <translation>behalten; ihre anderen Abzweigungen enden</translation>
        </message>
        <message>
            <source>keys, keyboard</source>
            <translation>tasten, tastatur, hilfe</translation>
        </message>
        <message>
            <source>kvm, proven by booting a machine</source>
            <translation>KVM, durch Starten einer Maschine nachgewiesen</translation>
        </message>
        <message>
            <source>last seen {time} ago</source>
            <translation>zuletzt vor {time} gesehen</translation>
        </message>
        <message>
            <source>leaves at its next checkpoint</source>
            <translation>geht am nächsten Prüfpunkt</translation>
        </message>
        <message>
            <source>left behind by a restore</source>
            <translation>von einer Wiederherstellung zurückgelassen</translation>
        </message>
        <message>
            <source>left out</source>
            <translation>ausgelassen</translation>
        </message>
        <message>
            <source>lends no model</source>
            <translation>verleiht kein Modell</translation>
        </message>
        <message numerus="yes">
            <source>lends {count} models</source>
            <extracomment>For one: lends {count} model</extracomment>
            <translation>
                <numerusform>verleiht {count} Modell</numerusform>
                <numerusform>verleiht {count} Modelle</numerusform>
            </translation>
        </message>
        <message>
            <source>lent to {peer}</source>
            <translation>an {peer} verliehen</translation>
        </message>
        <message>
            <source>less</source>
            <translation>weniger</translation>
        </message>
        <message>
            <source>libvirt does not answer at {uri}: {words}.</source>
            <translation>libvirt antwortet nicht unter {uri}: {words}.</translation>
        </message>
        <message>
            <source>libvirt does not open {uri}: {words}.</source>
            <translation>libvirt öffnet {uri} nicht: {words}.</translation>
        </message>
        <message>
            <source>limited</source>
            <translation>eingeschränkt</translation>
        </message>
        <message>
            <source>line cut</source>
            <translation>Zeile gekürzt</translation>
        </message>
        <message>
            <source>line {number}: {text}</source>
            <translation>Zeile {number}: {text}</translation>
        </message>
        <message>
            <source>line {number}: {what}</source>
            <translation>Zeile {number}: {what}</translation>
        </message>
        <message>
            <source>line {n}: {text}</source>
            <translation>Zeile {n}: {text}</translation>
        </message>
        <message>
            <source>lines</source>
            <translation>Zeilen</translation>
        </message>
        <message>
            <source>loading the diff…</source>
            <translation>die Unterschiede werden geladen…</translation>
        </message>
        <message>
            <source>loading the model into memory</source>
            <translation>das Modell wird in den Speicher geladen</translation>
        </message>
        <message>
            <source>long lines are cut</source>
            <translation>lange Zeilen sind gekürzt</translation>
        </message>
        <message>
            <source>lost {time}</source>
            <translation>verloren {time}</translation>
        </message>
        <message>
            <source>low</source>
            <translation>niedrig</translation>
        </message>
        <message>
            <source>low ({number:+d})</source>
            <translation>niedrig ({number:+d})</translation>
        </message>
        <message>
            <source>machine</source>
            <translation>Maschine</translation>
        </message>
        <message>
            <source>machine and files</source>
            <translation>Maschine und Dateien</translation>
        </message>
        <message>
            <source>machine slots</source>
            <translation>Maschinenplätze</translation>
        </message>
        <message>
            <source>machine stands at {where} again, {with_what}</source>
            <translation>die Maschine steht wieder hier: {where}, {with_what}</translation>
        </message>
        <message>
            <source>machine stands still</source>
            <translation>Maschine steht still</translation>
        </message>
        <message>
            <source>machine started</source>
            <translation>Maschine gestartet</translation>
        </message>
        <message>
            <source>machine started in {time}</source>
            <translation>Maschine in {time} gestartet</translation>
        </message>
        <message>
            <source>machine {size}</source>
            <translation>Maschine {size}</translation>
        </message>
        <message>
            <source>machines</source>
            <translation>Maschinen</translation>
        </message>
        <message>
            <source>made before a restore</source>
            <translation>vor einer Wiederherstellung angelegt</translation>
        </message>
        <message>
            <source>made safe before going back</source>
            <translation>vor dem Zurückgehen gesichert</translation>
        </message>
        <message>
            <source>makes room for {model}</source>
            <translation>macht Platz für {model}</translation>
        </message>
        <message>
            <source>measured</source>
            <translation>gemessen</translation>
        </message>
        <message>
            <source>medium</source>
            <translation>mittel</translation>
        </message>
        <message>
            <source>memory freed</source>
            <translation>Speicher frei</translation>
        </message>
        <message>
            <source>memory given back</source>
            <translation>Speicher zurückgegeben</translation>
        </message>
        <message>
            <source>memory not known</source>
            <translation>Speicher unbekannt</translation>
        </message>
        <message>
            <source>memory not reported by the driver</source>
            <translation>Speicher vom Treiber nicht gemeldet</translation>
        </message>
        <message>
            <source>merged as far as it goes</source>
            <translation>zusammengeführt, so weit es geht</translation>
        </message>
        <message>
            <source>merged into {branch}</source>
            <translation>zusammengeführt in {branch}</translation>
        </message>
        <message>
            <source>message, chat, talk</source>
            <translation>nachricht, chat, sagen</translation>
        </message>
        <message>
            <source>missing</source>
            <translation>fehlt</translation>
        </message>
        <message>
            <source>mode</source>
            <translation>Modus</translation>
        </message>
        <message>
            <source>mode changed</source>
            <translation>Modus geändert</translation>
        </message>
        <message>
            <source>models</source>
            <translation>Modelle</translation>
        </message>
        <message>
            <source>models cannot be started now</source>
            <translation>Modelle lassen sich jetzt nicht starten</translation>
        </message>
        <message>
            <source>models on processors</source>
            <translation>Modelle auf Prozessoren</translation>
        </message>
        <message>
            <source>modified</source>
            <translation>geändert</translation>
        </message>
        <message>
            <source>more elsewhere</source>
            <translation>mehr anderswo</translation>
        </message>
        <message>
            <source>more than {count} tasks wait on this host; it needs {cpus} CPUs and {memory} of memory, and has {points} points</source>
            <translation>mehr als {count} Aufgaben warten auf diesem Rechner; sie braucht {cpus} CPUs und {memory} Speicher und hat {points} Punkte</translation>
        </message>
        <message>
            <source>move</source>
            <translation>bewegen</translation>
        </message>
        <message>
            <source>needs a fix</source>
            <translation>zu beheben</translation>
        </message>
        <message>
            <source>needs {size} GiB of GPU memory ({known})</source>
            <translation>braucht {size} GiB GPU-Speicher ({known})</translation>
        </message>
        <message>
            <source>needs {size} GiB of this computer's memory ({known})</source>
            <translation>braucht {size} GiB Speicher dieses Rechners ({known})</translation>
        </message>
        <message>
            <source>needs {wanted} {what}, this host gives {given} to machines</source>
            <translation>braucht {wanted} {what}, dieser Rechner gibt Maschinen {given}</translation>
        </message>
        <message>
            <source>needs {wanted} {what}, {free} of {total} are free</source>
            <translation>braucht {wanted} {what}, {free} von {total} sind frei</translation>
        </message>
        <message>
            <source>needs {wanted} {what}, {free} of {total} are free; held by {names}</source>
            <translation>braucht {wanted} {what}, {free} von {total} sind frei; gehalten von {names}</translation>
        </message>
        <message>
            <source>needs {wanted} {what}, {free} of {total} are free; held by {names}; {tasks} was asked to yield</source>
            <translation>braucht {wanted} {what}, {free} von {total} sind frei; gehalten von {names}; {tasks} soll weichen</translation>
        </message>
        <message>
            <source>needs {wanted} {what}, {free} of {total} are free; {tasks} was asked to yield</source>
            <translation>braucht {wanted} {what}, {free} von {total} sind frei; {tasks} soll weichen</translation>
        </message>
        <message>
            <source>network access to {hosts}</source>
            <translation>Netzzugang zu {hosts}</translation>
        </message>
        <message>
            <source>network used</source>
            <translation>Netz benutzt</translation>
        </message>
        <message>
            <source>network: {hosts}</source>
            <translation>Netzwerk: {hosts}</translation>
        </message>
        <message>
            <source>never reached yet</source>
            <translation>noch nie erreicht</translation>
        </message>
        <message>
            <source>new</source>
            <translation>neu</translation>
        </message>
        <message>
            <source>no Docker engine answers at {address}</source>
            <translation>keine Docker-Engine antwortet unter {address}</translation>
        </message>
        <message>
            <source>no KVM</source>
            <translation>kein KVM</translation>
        </message>
        <message>
            <source>no NVIDIA GPU</source>
            <translation>keine NVIDIA-GPU</translation>
        </message>
        <message>
            <source>no NVIDIA GPU: the driver sees none</source>
            <translation>keine NVIDIA-GPU: der Treiber sieht keine</translation>
        </message>
        <message>
            <source>no NVIDIA GPU: {why}</source>
            <translation>keine NVIDIA-GPU: {why}</translation>
        </message>
        <message>
            <source>no answer</source>
            <translation>keine Antwort</translation>
        </message>
        <message>
            <source>no checkpoint of the machine</source>
            <translation>kein Prüfpunkt der Maschine</translation>
        </message>
        <message>
            <source>no container engine answers</source>
            <translation>keine Container-Engine antwortet</translation>
        </message>
        <message>
            <source>no content to show</source>
            <translation>kein Inhalt zu zeigen</translation>
        </message>
        <message>
            <source>no ended task has snapshots</source>
            <translation>keine beendete Aufgabe hat Schnappschüsse</translation>
        </message>
        <message>
            <source>no engine</source>
            <translation>keine Engine</translation>
        </message>
        <message>
            <source>no invitation is open</source>
            <translation>keine Einladung ist offen</translation>
        </message>
        <message>
            <source>no limit</source>
            <translation>keine Grenze</translation>
        </message>
        <message>
            <source>no line break at the end any more</source>
            <translation>kein Zeilenende am Schluss mehr</translation>
        </message>
        <message>
            <source>no longer executable</source>
            <translation>nicht mehr ausführbar</translation>
        </message>
        <message>
            <source>no machine can be started</source>
            <translation>keine Maschine kann starten</translation>
        </message>
        <message>
            <source>no machine snapshot</source>
            <translation>kein Maschinen-Schnappschuss</translation>
        </message>
        <message>
            <source>no machine snapshot was made</source>
            <translation>es gab keinen Maschinen-Schnappschuss</translation>
        </message>
        <message>
            <source>no memory ({why}): a fresh machine begins with these files</source>
            <translation>kein Speicher ({why}): eine neue Maschine beginnt mit diesen Dateien</translation>
        </message>
        <message>
            <source>no model runs on this machine</source>
            <translation>kein Modell läuft auf diesem Rechner</translation>
        </message>
        <message>
            <source>no model service answers</source>
            <translation>kein Modelldienst antwortet</translation>
        </message>
        <message>
            <source>no network</source>
            <translation>kein Netzwerk</translation>
        </message>
        <message>
            <source>no output yet</source>
            <translation>noch keine Ausgabe</translation>
        </message>
        <message>
            <source>no peer is paired</source>
            <translation>kein Peer ist gekoppelt</translation>
        </message>
        <message>
            <source>no peer is paired, and nothing listens for one</source>
            <translation>kein Peer ist gekoppelt, und keiner könnte kommen</translation>
        </message>
        <message>
            <source>no project</source>
            <translation>kein Projekt</translation>
        </message>
        <message>
            <source>no project is open</source>
            <translation>kein Projekt ist offen</translation>
        </message>
        <message>
            <source>no readings</source>
            <translation>keine Messwerte</translation>
        </message>
        <message>
            <source>no step yet</source>
            <translation>noch kein Schritt</translation>
        </message>
        <message>
            <source>no task is chosen</source>
            <translation>keine Aufgabe ist gewählt</translation>
        </message>
        <message>
            <source>no task that ended so long ago has snapshots</source>
            <translation>keine so lange beendete Aufgabe hat Schnappschüsse</translation>
        </message>
        <message>
            <source>nobody there</source>
            <translation>niemand da</translation>
        </message>
        <message>
            <source>none</source>
            <translation>keine</translation>
        </message>
        <message>
            <source>none asks for your approval</source>
            <translation>keiner bittet um Freigabe</translation>
        </message>
        <message>
            <source>none found</source>
            <translation>nicht gefunden</translation>
        </message>
        <message>
            <source>none left</source>
            <translation>keine übrig</translation>
        </message>
        <message>
            <source>none ticked</source>
            <translation>keine angehakt</translation>
        </message>
        <message>
            <source>none. Press C on a line to write one.</source>
            <translation>keine. C auf einer Zeile schreibt einen.</translation>
        </message>
        <message>
            <source>normal</source>
            <translation>normal</translation>
        </message>
        <message>
            <source>not available: {why}</source>
            <translation>nicht verfügbar: {why}</translation>
        </message>
        <message>
            <source>not built</source>
            <translation>nicht gebaut</translation>
        </message>
        <message>
            <source>not confined</source>
            <translation>nicht eingeschlossen</translation>
        </message>
        <message>
            <source>not following</source>
            <translation>folgt nicht</translation>
        </message>
        <message>
            <source>not found</source>
            <translation>nicht gefunden</translation>
        </message>
        <message>
            <source>not installed</source>
            <translation>nicht installiert</translation>
        </message>
        <message>
            <source>not ours</source>
            <translation>fremd</translation>
        </message>
        <message>
            <source>not present</source>
            <translation>nicht da</translation>
        </message>
        <message>
            <source>not ready</source>
            <translation>nicht bereit</translation>
        </message>
        <message>
            <source>not running</source>
            <translation>läuft nicht</translation>
        </message>
        <message>
            <source>not saved: Esc again discards it</source>
            <translation>nicht gespeichert: nochmals Esc verwirft es</translation>
        </message>
        <message>
            <source>not seen since the start</source>
            <translation>seit dem Start nicht gesehen</translation>
        </message>
        <message>
            <source>not set up</source>
            <translation>nicht eingerichtet</translation>
        </message>
        <message>
            <source>not set up (optional)</source>
            <translation>nicht eingerichtet (freiwillig)</translation>
        </message>
        <message>
            <source>not settled</source>
            <translation>nicht geklärt</translation>
        </message>
        <message>
            <source>not shown</source>
            <translation>nicht gezeigt</translation>
        </message>
        <message>
            <source>not shown: the whole difference is over {count} lines</source>
            <translation>nicht gezeigt: der ganze Unterschied hat über {count} Zeilen</translation>
        </message>
        <message>
            <source>not told</source>
            <translation>nicht gemeldet</translation>
        </message>
        <message>
            <source>nothing</source>
            <translation>nichts</translation>
        </message>
        <message>
            <source>nothing needs you</source>
            <translation>nichts wartet auf eine Antwort</translation>
        </message>
        <message>
            <source>nothing stands on it</source>
            <translation>nichts beruht darauf</translation>
        </message>
        <message>
            <source>nothing was lost</source>
            <translation>nichts ging verloren</translation>
        </message>
        <message>
            <source>nothing yet</source>
            <translation>noch nichts</translation>
        </message>
        <message>
            <source>notifications</source>
            <translation>Mitteilungen</translation>
        </message>
        <message>
            <source>now, until {end}</source>
            <translation>jetzt, bis {end}</translation>
        </message>
        <message>
            <source>now: {why}</source>
            <translation>jetzt: {why}</translation>
        </message>
        <message>
            <source>npm of this computer does not say where it looks.</source>
            <translation>npm dieses Computers sagt nicht, wo es sucht.</translation>
        </message>
        <message>
            <source>npm packages</source>
            <translation>npm-Pakete</translation>
        </message>
        <message>
            <source>ok</source>
            <translation>ok</translation>
        </message>
        <message>
            <source>ok, emulated</source>
            <translation>ok, emuliert</translation>
        </message>
        <message>
            <source>only what has ended goes into the archive</source>
            <translation>nur Beendetes kommt ins Archiv</translation>
        </message>
        <message>
            <source>open {until}</source>
            <translation>offen {until}</translation>
        </message>
        <message>
            <source>or drop a folder here</source>
            <translation>oder einen Ordner hierher ziehen</translation>
        </message>
        <message>
            <source>other programs</source>
            <translation>andere Programme</translation>
        </message>
        <message>
            <source>other programs give memory back</source>
            <translation>andere Programme geben Speicher zurück</translation>
        </message>
        <message>
            <source>output</source>
            <translation>ausgabe, log</translation>
        </message>
        <message>
            <source>package script</source>
            <translation>Paket-Skript</translation>
        </message>
        <message>
            <source>pairing needed</source>
            <translation>Kopplung nötig</translation>
        </message>
        <message>
            <source>pairing was called off</source>
            <translation>das Koppeln wurde abgebrochen</translation>
        </message>
        <message>
            <source>peer {peer} is away, last seen {time} ago</source>
            <translation>Peer {peer} ist weg, zuletzt vor {time} gesehen</translation>
        </message>
        <message>
            <source>peer {peer} is away, not seen since the Fabric began</source>
            <translation>Peer {peer} ist weg, seit dem Start der Fabric nicht gesehen</translation>
        </message>
        <message>
            <source>peer {peer} is back</source>
            <translation>Peer {peer} ist wieder da</translation>
        </message>
        <message>
            <source>permission</source>
            <translation>Erlaubnis</translation>
        </message>
        <message>
            <source>pinned</source>
            <translation>angeheftet</translation>
        </message>
        <message>
            <source>pip of this computer does not say where it looks.</source>
            <translation>pip dieses Computers sagt nicht, wo es sucht.</translation>
        </message>
        <message>
            <source>plan</source>
            <translation>Plan</translation>
        </message>
        <message>
            <source>preferences, options, language, notifications</source>
            <translation>optionen, sprache, mitteilungen</translation>
        </message>
        <message>
            <source>printed</source>
            <translation>Ausgabe</translation>
        </message>
        <message>
            <source>printed by {step}</source>
            <translation>Ausgabe von {step}</translation>
        </message>
        <message>
            <source>priority high ({priority:+d})</source>
            <translation>Priorität hoch ({priority:+d})</translation>
        </message>
        <message>
            <source>priority low ({priority:+d})</source>
            <translation>Priorität niedrig ({priority:+d})</translation>
        </message>
        <message>
            <source>priority normal</source>
            <translation>Priorität normal</translation>
        </message>
        <message>
            <source>process</source>
            <translation>Prozess</translation>
        </message>
        <message>
            <source>program</source>
            <translation>Programm</translation>
        </message>
        <message>
            <source>promised, not used</source>
            <translation>zugesagt, nicht belegt</translation>
        </message>
        <message>
            <source>ran {time}</source>
            <translation>lief {time}</translation>
        </message>
        <message>
            <source>read by the agent</source>
            <translation>liest der Agent</translation>
        </message>
        <message>
            <source>read-only: {why}</source>
            <translation>nur zum Lesen: {why}</translation>
        </message>
        <message>
            <source>ready</source>
            <translation>bereit</translation>
        </message>
        <message>
            <source>ready at {address}</source>
            <translation>bereit unter {address}</translation>
        </message>
        <message>
            <source>refused</source>
            <translation>abgewiesen</translation>
        </message>
        <message>
            <source>rejected</source>
            <translation>abgelehnt</translation>
        </message>
        <message>
            <source>rejected, so it begins again at {where}</source>
            <translation>abgelehnt, beginnt von Neuem: {where}</translation>
        </message>
        <message>
            <source>removed: {text}</source>
            <translation>entfernt: {text}</translation>
        </message>
        <message>
            <source>renamed</source>
            <translation>umbenannt</translation>
        </message>
        <message>
            <source>reserved for {project}</source>
            <translation>reserviert für {project}</translation>
        </message>
        <message>
            <source>restore, go back, revert, rewind</source>
            <translation>wiederherstellen, zurück, rückgängig, zurücksetzen</translation>
        </message>
        <message>
            <source>restore, go forward again, redo</source>
            <translation>wiederherstellen, wieder vor</translation>
        </message>
        <message>
            <source>restored to {where}</source>
            <translation>wiederhergestellt: {where}</translation>
        </message>
        <message>
            <source>round {round}</source>
            <translation>Runde {round}</translation>
        </message>
        <message>
            <source>rules, permissions, network</source>
            <translation>regeln, rechte, netz</translation>
        </message>
        <message>
            <source>run</source>
            <translation>ausführen</translation>
        </message>
        <message>
            <source>runs by itself at a commit, merge or push of yours</source>
            <translation>läuft von selbst bei einem eigenen Commit, Zusammenführen oder Push</translation>
        </message>
        <message>
            <source>runs since {time}</source>
            <translation>läuft seit {time}</translation>
        </message>
        <message>
            <source>runs when you build</source>
            <translation>läuft beim Bauen</translation>
        </message>
        <message>
            <source>runs when you build or start the containers</source>
            <translation>läuft beim Bauen oder Starten der Container</translation>
        </message>
        <message>
            <source>runs when you enter the folder or open a shell</source>
            <translation>läuft beim Betreten des Ordners oder Öffnen einer Shell</translation>
        </message>
        <message>
            <source>runs when you install the project's packages</source>
            <translation>läuft beim Installieren der Pakete des Projekts</translation>
        </message>
        <message>
            <source>runs when you run the tests</source>
            <translation>läuft beim Ausführen der Tests</translation>
        </message>
        <message>
            <source>runs when you start that tool</source>
            <translation>läuft beim Start dieses Werkzeugs</translation>
        </message>
        <message>
            <source>safety checkpoint {ordinal} was made first</source>
            <translation>zuerst wurde Sicherheits-Prüfpunkt {ordinal} angelegt</translation>
        </message>
        <message>
            <source>seen</source>
            <translation>gesehen</translation>
        </message>
        <message>
            <source>session</source>
            <translation>Sitzung</translation>
        </message>
        <message>
            <source>shell set-up</source>
            <translation>Shell-Einrichtung</translation>
        </message>
        <message>
            <source>shell, console, ssh</source>
            <translation>shell, konsole, ssh</translation>
        </message>
        <message>
            <source>simulated</source>
            <translation>simuliert</translation>
        </message>
        <message>
            <source>simulated: {words}</source>
            <translation>simuliert: {words}</translation>
        </message>
        <message>
            <source>snapshots</source>
            <translation>Schnappschüsse</translation>
        </message>
        <message>
            <source>snapshots of checkpoints {ordinals} given up</source>
            <translation>Schnappschüsse der Prüfpunkte {ordinals} aufgegeben</translation>
        </message>
        <message>
            <source>snapshots, history, restore</source>
            <translation>sicherungen, verlauf, wiederherstellen</translation>
        </message>
        <message>
            <source>some ticked</source>
            <translation>einige angehakt</translation>
        </message>
        <message>
            <source>somebody else destroyed the machine</source>
            <translation>jemand anderes hat die Maschine zerstört</translation>
        </message>
        <message>
            <source>space, delete, prune, snapshots</source>
            <translation>platz, speicherplatz, löschen, aufräumen</translation>
        </message>
        <message>
            <source>stands still until you have answered</source>
            <translation>steht still, bis die Antwort da ist</translation>
        </message>
        <message>
            <source>start</source>
            <translation>Start</translation>
        </message>
        <message>
            <source>start, run, create</source>
            <translation>starten, ausführen, anlegen</translation>
        </message>
        <message>
            <source>starting the container</source>
            <translation>der Container wird gestartet</translation>
        </message>
        <message>
            <source>starts with the next change</source>
            <translation>startet mit der nächsten Änderung</translation>
        </message>
        <message>
            <source>stays: {what} on it</source>
            <translation>bleibt: {what} darauf</translation>
        </message>
        <message>
            <source>step</source>
            <translation>Schritt</translation>
        </message>
        <message>
            <source>step {number} begins: {name}</source>
            <translation>Schritt {number} beginnt: {name}</translation>
        </message>
        <message>
            <source>step {number}, which runs now, with its machine's memory</source>
            <translation>Schritt {number}, der jetzt läuft, mit dem Speicher seiner Maschine</translation>
        </message>
        <message>
            <source>stop, abort, end, kill</source>
            <translation>stoppen, anhalten, beenden</translation>
        </message>
        <message>
            <source>submitted as {definition}</source>
            <translation>eingereicht als {definition}</translation>
        </message>
        <message>
            <source>submitted from a prompt</source>
            <translation>aus einer Anweisung eingereicht</translation>
        </message>
        <message>
            <source>submodule {before} → {after}</source>
            <translation>Submodul {before} → {after}</translation>
        </message>
        <message>
            <source>such as {address}</source>
            <translation>etwa {address}</translation>
        </message>
        <message>
            <source>taken out of {branch} again</source>
            <translation>wieder aus {branch} herausgenommen</translation>
        </message>
        <message>
            <source>takes a checkpoint: try again in a moment</source>
            <translation>legt einen Prüfpunkt an: gleich noch einmal versuchen</translation>
        </message>
        <message>
            <source>task file</source>
            <translation>Aufgabendatei</translation>
        </message>
        <message>
            <source>tasks</source>
            <translation>Aufgaben</translation>
        </message>
        <message>
            <source>test set-up</source>
            <translation>Test-Einrichtung</translation>
        </message>
        <message>
            <source>the Fabric answers</source>
            <translation>die Fabric antwortet</translation>
        </message>
        <message>
            <source>the GPU shows it</source>
            <translation>die GPU zeigt es</translation>
        </message>
        <message>
            <source>the NVIDIA driver is not installed</source>
            <translation>der NVIDIA-Treiber ist nicht installiert</translation>
        </message>
        <message>
            <source>the NVIDIA driver is not loaded</source>
            <translation>der NVIDIA-Treiber ist nicht geladen</translation>
        </message>
        <message>
            <source>the NVIDIA driver was updated, and the part that runs is still the old one; restart this machine</source>
            <translation>der NVIDIA-Treiber wurde aktualisiert, und der Teil, der läuft, ist noch der alte; diesen Rechner neu starten</translation>
        </message>
        <message>
            <source>the agent</source>
            <translation>der Agent</translation>
        </message>
        <message>
            <source>the agent asks you</source>
            <translation>der Agent fragt</translation>
        </message>
        <message>
            <source>the agent thinks</source>
            <translation>der Agent überlegt</translation>
        </message>
        <message>
            <source>the approval that was pending there</source>
            <translation>die dort ausstehende Freigabe</translation>
        </message>
        <message>
            <source>the branch that is checked out</source>
            <translation>der ausgecheckte Zweig</translation>
        </message>
        <message>
            <source>the branch you leave, greyed on the timeline; you can come back to it</source>
            <translation>der verlassene Zweig, grau auf der Zeitachse; ein Weg zurück bleibt</translation>
        </message>
        <message>
            <source>the budget of {project} is used up: {why}</source>
            <translation>das Budget von {project} ist aufgebraucht: {why}</translation>
        </message>
        <message>
            <source>the chosen task does not wait for that</source>
            <translation>die gewählte Aufgabe wartet nicht darauf</translation>
        </message>
        <message>
            <source>the container engine was not asked yet</source>
            <translation>die Container-Engine wurde noch nicht gefragt</translation>
        </message>
        <message>
            <source>the files of {where}</source>
            <translation>die Dateien von: {where}</translation>
        </message>
        <message>
            <source>the fork is a task of its own</source>
            <translation>die Abzweigung ist eine eigene Aufgabe</translation>
        </message>
        <message>
            <source>the guest crashed</source>
            <translation>der Gast stürzte ab</translation>
        </message>
        <message>
            <source>the guest ended by itself</source>
            <translation>der Gast endete von selbst</translation>
        </message>
        <message>
            <source>the leases of {model} are given back</source>
            <translation>die Belegungen von {model} werden zurückgegeben</translation>
        </message>
        <message>
            <source>the log names them</source>
            <translation>das Protokoll nennt sie</translation>
        </message>
        <message>
            <source>the log says why</source>
            <translation>das Protokoll sagt, warum</translation>
        </message>
        <message>
            <source>the machine ended</source>
            <translation>die Maschine endete</translation>
        </message>
        <message>
            <source>the machine is busy, try again in a moment</source>
            <translation>die Maschine ist beschäftigt, gleich noch einmal versuchen</translation>
        </message>
        <message>
            <source>the machine stopped</source>
            <translation>die Maschine hielt an</translation>
        </message>
        <message>
            <source>the machine's memory ({size}): processes go on where they stood</source>
            <translation>der Speicher der Maschine ({size}): Prozesse gehen weiter, wo sie standen</translation>
        </message>
        <message>
            <source>the model is reserved for {project} now</source>
            <translation>das Modell ist jetzt für {project} reserviert</translation>
        </message>
        <message>
            <source>the model service cannot be reached: {why}</source>
            <translation>der Modelldienst ist nicht erreichbar: {why}</translation>
        </message>
        <message>
            <source>the model service does not answer</source>
            <translation>der Modelldienst antwortet nicht</translation>
        </message>
        <message>
            <source>the model service does not run</source>
            <translation>der Modelldienst läuft nicht</translation>
        </message>
        <message>
            <source>the model service is of another version and tells of invitations otherwise</source>
            <translation>der Modelldienst ist von einer anderen Version und sagt Einladungen anders</translation>
        </message>
        <message>
            <source>the model service knows none that is in order</source>
            <translation>der Modelldienst kennt keines, das in Ordnung ist</translation>
        </message>
        <message>
            <source>the model service refused: {why}</source>
            <translation>der Modelldienst lehnte ab: {why}</translation>
        </message>
        <message>
            <source>the model service tells nothing of peers</source>
            <translation>der Modelldienst sagt nichts über Peers</translation>
        </message>
        <message>
            <source>the model service was not asked yet</source>
            <translation>der Modelldienst wurde noch nicht gefragt</translation>
        </message>
        <message>
            <source>the model {model} is being asked for</source>
            <translation>das Modell {model} wird gerade angefragt</translation>
        </message>
        <message>
            <source>the next checkpoint of {tasks}, expected every {seconds} s</source>
            <translation>der nächste Prüfpunkt von {tasks}, erwartet alle {seconds} s</translation>
        </message>
        <message>
            <source>the next start</source>
            <translation>der nächste Start</translation>
        </message>
        <message>
            <source>the old branch is kept</source>
            <translation>der alte Zweig bleibt erhalten</translation>
        </message>
        <message>
            <source>the other machine</source>
            <translation>der andere Rechner</translation>
        </message>
        <message>
            <source>the other machine answered the invitation wrongly, so it is not trusted</source>
            <translation>der andere Rechner beantwortete die Einladung falsch, also wird ihm nicht vertraut</translation>
        </message>
        <message>
            <source>the other machine refused: the invitation has run out</source>
            <translation>der andere Rechner lehnte ab: die Einladung ist abgelaufen</translation>
        </message>
        <message>
            <source>the other machine refused: the invitation was used, is too old, or is not its latest</source>
            <translation>der andere Rechner lehnte ab: die Einladung wurde benutzt, ist zu alt oder nicht seine letzte</translation>
        </message>
        <message>
            <source>the project's files as the task began with them, on a fresh machine</source>
            <translation>die Dateien des Projekts, mit denen die Aufgabe begann, auf einer neuen Maschine</translation>
        </message>
        <message>
            <source>the question {key}</source>
            <translation>die Frage {key}</translation>
        </message>
        <message>
            <source>the start</source>
            <translation>Start</translation>
        </message>
        <message>
            <source>the step asks</source>
            <translation>der Schritt bittet darum</translation>
        </message>
        <message>
            <source>the task</source>
            <translation>die Aufgabe</translation>
        </message>
        <message>
            <source>the task has ended</source>
            <translation>die Aufgabe ist zu Ende</translation>
        </message>
        <message>
            <source>the task is merged</source>
            <translation>die Aufgabe ist zusammengeführt</translation>
        </message>
        <message>
            <source>the task is not done</source>
            <translation>die Aufgabe ist nicht fertig</translation>
        </message>
        <message>
            <source>the task {why}</source>
            <translation>die Aufgabe {why}</translation>
        </message>
        <message>
            <source>the window ends</source>
            <translation>die Reservierung endet</translation>
        </message>
        <message>
            <source>there is a peer {peer} already</source>
            <translation>es gibt schon einen Peer {peer}</translation>
        </message>
        <message>
            <source>there is no peer {peer}; known: {known}</source>
            <translation>es gibt keinen Peer {peer}; bekannt: {known}</translation>
        </message>
        <message>
            <source>this Fabric does not listen for other machines, so none could come</source>
            <translation>dieser Modelldienst ist für andere Rechner nicht erreichbar, also könnte keiner kommen</translation>
        </message>
        <message>
            <source>this Fabric keeps nothing on disk, so it has no peers</source>
            <translation>dieser Modelldienst bewahrt nichts auf der Platte auf, also hat er keine Peers</translation>
        </message>
        <message>
            <source>this computer</source>
            <translation>dieser Rechner</translation>
        </message>
        <message>
            <source>this is no invitation of a Fabric, or not the whole of it</source>
            <translation>das ist keine Einladung eines Modelldienstes, oder nicht die ganze</translation>
        </message>
        <message>
            <source>this is this machine's own invitation</source>
            <translation>das ist die eigene Einladung dieses Rechners</translation>
        </message>
        <message>
            <source>this machine does not listen for peers</source>
            <translation>dieser Rechner ist für Peers nicht erreichbar</translation>
        </message>
        <message>
            <source>this start has no sample</source>
            <translation>dieser Start hat kein Beispiel</translation>
        </message>
        <message>
            <source>time</source>
            <translation>Zeit</translation>
        </message>
        <message>
            <source>to a chat</source>
            <translation>in einen Chat</translation>
        </message>
        <message>
            <source>to the gateway's pages</source>
            <translation>auf die Seiten des Gateways</translation>
        </message>
        <message>
            <source>to the model</source>
            <translation>an das Modell</translation>
        </message>
        <message>
            <source>today</source>
            <translation>heute</translation>
        </message>
        <message>
            <source>tokens not told</source>
            <translation>Token nicht gemeldet</translation>
        </message>
        <message>
            <source>too large to show, {before} → {after}</source>
            <translation>zu groß zum Zeigen, {before} → {after}</translation>
        </message>
        <message>
            <source>tool setting</source>
            <translation>Werkzeug-Einstellung</translation>
        </message>
        <message>
            <source>tool {number}</source>
            <translation>Werkzeug {number}</translation>
        </message>
        <message>
            <source>undo it in Git: git revert {commit}</source>
            <translation>in Git rückgängig machen: git revert {commit}</translation>
        </message>
        <message>
            <source>undoes {steps} of work</source>
            <translation>nimmt {steps} Arbeit zurück</translation>
        </message>
        <message>
            <source>unfolded</source>
            <translation>ausgeklappt</translation>
        </message>
        <message>
            <source>unknown</source>
            <translation>unbekannt</translation>
        </message>
        <message>
            <source>unnamed</source>
            <translation>ohne Namen</translation>
        </message>
        <message>
            <source>unreachable</source>
            <translation>nicht erreichbar</translation>
        </message>
        <message>
            <source>until {time}</source>
            <translation>bis {time}</translation>
        </message>
        <message>
            <source>used by models</source>
            <translation>von Modellen belegt</translation>
        </message>
        <message>
            <source>used since the one before</source>
            <translation>seit dem vorigen verbraucht</translation>
        </message>
        <message>
            <source>user {name} on {host}</source>
            <translation>Nutzer {name} auf {host}</translation>
        </message>
        <message>
            <source>version {version}</source>
            <translation>Version {version}</translation>
        </message>
        <message>
            <source>via {channel}</source>
            <translation>über {channel}</translation>
        </message>
        <message>
            <source>waited</source>
            <translation>wartete</translation>
        </message>
        <message>
            <source>waiting {time}</source>
            <translation>wartet {time}</translation>
        </message>
        <message>
            <source>waits</source>
            <translation>wartet</translation>
        </message>
        <message>
            <source>waits for {model}</source>
            <translation>wartet auf {model}</translation>
        </message>
        <message>
            <source>waits to hold {model}</source>
            <translation>wartet darauf, {model} zu halten</translation>
        </message>
        <message>
            <source>weight {weight}</source>
            <translation>Gewicht {weight}</translation>
        </message>
        <message>
            <source>weight {weight}: that many times the usual share of this machine</source>
            <translation>Gewicht {weight}: so viel Mal der übliche Anteil an diesem Rechner</translation>
        </message>
        <message>
            <source>what answers at {address} is not {who}: it shows another certificate</source>
            <translation>was unter {address} antwortet, ist nicht {who}: es zeigt ein anderes Zertifikat</translation>
        </message>
        <message>
            <source>what runs there is not known</source>
            <translation>was dort läuft, ist nicht bekannt</translation>
        </message>
        <message>
            <source>what was typed stands in these changes</source>
            <translation>das Eingegebene steht in diesen Änderungen</translation>
        </message>
        <message>
            <source>what you are asked about: all since {before}</source>
            <translation>was zur Freigabe steht: alles seit {before}</translation>
        </message>
        <message>
            <source>where this computer gets packages is not known</source>
            <translation>woher dieser Computer Pakete holt, ist nicht bekannt</translation>
        </message>
        <message>
            <source>with its files only</source>
            <translation>nur mit ihren Dateien</translation>
        </message>
        <message>
            <source>with its machine as it was</source>
            <translation>mit seiner Maschine, wie sie war</translation>
        </message>
        <message>
            <source>with its memory</source>
            <translation>mit ihrem Speicher</translation>
        </message>
        <message>
            <source>withdrawn</source>
            <translation>zurückgezogen</translation>
        </message>
        <message>
            <source>withdrawn by a restore</source>
            <translation>durch eine Wiederherstellung zurückgezogen</translation>
        </message>
        <message>
            <source>works at: {name}</source>
            <translation>arbeitet an: {name}</translation>
        </message>
        <message>
            <source>would fit, but what is free is set aside for {names}</source>
            <translation>würde passen, aber das Freie ist für {names} zurückgelegt</translation>
        </message>
        <message>
            <source>would run on your machine</source>
            <translation>würde auf diesem Rechner laufen</translation>
        </message>
        <message>
            <source>would run on your machine after a merge</source>
            <translation>würde nach dem Zusammenführen auf diesem Rechner laufen</translation>
        </message>
        <message>
            <source>write HOST:PORT, such as 192.168.1.5:7000</source>
            <translation>schreiben Sie RECHNER:PORT, etwa 192.168.1.5:7000</translation>
        </message>
        <message>
            <source>yes</source>
            <translation>ja</translation>
        </message>
        <message>
            <source>yesterday</source>
            <translation>gestern</translation>
        </message>
        <message>
            <source>yielded</source>
            <translation>gewichen</translation>
        </message>
        <message>
            <source>you</source>
            <translation>selbst</translation>
        </message>
        <message>
            <source>you approve after {steps}</source>
            <translation>Freigabe nach {steps}</translation>
        </message>
        <message>
            <source>you approve after {steps} and whatever changes {paths}</source>
            <translation>Freigabe nach {steps} und bei jeder Änderung von {paths}</translation>
        </message>
        <message>
            <source>you approve unseen: {paths}</source>
            <translation>wird ungesehen freigegeben: {paths}</translation>
        </message>
        <message>
            <source>you approve whatever changes {paths}</source>
            <translation>Freigabe bei jeder Änderung von {paths}</translation>
        </message>
        <message>
            <source>you raise the budget</source>
            <translation>das Budget wird erhöht</translation>
        </message>
        <message>
            <source>you went back</source>
            <translation>es ging zurück</translation>
        </message>
        <message>
            <source>your CI service runs it after a push, with the secrets it has</source>
            <translation>der CI-Dienst führt sie nach einem Push aus, mit seinen Geheimnissen</translation>
        </message>
        <message>
            <source>your branch</source>
            <translation>eigener Zweig</translation>
        </message>
        <message>
            <source>your command</source>
            <translation>Ihr Befehl</translation>
        </message>
        <message>
            <source>your comment: {text}</source>
            <translation>eigener Kommentar: {text}</translation>
        </message>
        <message>
            <source>your editor obeys it when it opens the folder</source>
            <translation>der Editor befolgt sie beim Öffnen des Ordners</translation>
        </message>
        <message>
            <source>your edits: {paths}</source>
            <translation>eigene Bearbeitungen: {paths}</translation>
        </message>
        <message>
            <source>your own folder, index, branches and HEAD: nothing in them changes</source>
            <translation>eigener Ordner, Index, Zweige und HEAD: Nichts darin ändert sich</translation>
        </message>
        <message>
            <source>your secrets {secrets} for its tasks</source>
            <translation>die eigenen Geheimnisse {secrets} für seine Aufgaben</translation>
        </message>
        <message>
            <source>your state before is kept in {ref}</source>
            <translation>der Stand davor bleibt in {ref}</translation>
        </message>
        <message>
            <source>{act} is not possible: {why}</source>
            <translation>{act} ist nicht möglich: {why}</translation>
        </message>
        <message>
            <source>{act}: {what} of {task}</source>
            <translation>{act}: {what} von {task}</translation>
        </message>
        <message>
            <source>{address} (this machine listens at {own})</source>
            <translation>{address} (dieser Rechner ist erreichbar unter {own})</translation>
        </message>
        <message>
            <source>{address} cannot be used: {error}</source>
            <translation>{address} kann nicht benutzt werden: {error}</translation>
        </message>
        <message>
            <source>{address} names no host as rules do (example.org, example.org:8443).</source>
            <translation>{address} nennt keinen Rechner so, wie Regeln es tun (example.org, example.org:8443).</translation>
        </message>
        <message>
            <source>{address} names no port that there is.</source>
            <translation>{address} nennt keinen Port, den es gibt.</translation>
        </message>
        <message>
            <source>{agent} needs an image of its own, built once from packages. ClawDesk may fetch them from no host until you allow it.</source>
            <translation>{agent} braucht ein eigenes Abbild, das einmal aus Paketen gebaut wird. ClawDesk darf sie von keinem Rechner holen, bis Sie es erlauben.</translation>
        </message>
        <message>
            <source>{amount} for {count} of them</source>
            <translation>{amount} für {count} davon</translation>
        </message>
        <message>
            <source>{branch} and the task changed the same places of {paths}. Nothing was merged.</source>
            <translation>{branch} und die Aufgabe änderten dieselben Stellen von {paths}. Nichts wurde zusammengeführt.</translation>
        </message>
        <message numerus="yes">
            <source>{branch} and {title} changed {count} files differently</source>
            <extracomment>For one: {branch} and {title} changed {count} file differently</extracomment>
            <translation>
                <numerusform>{branch} und {title} änderten {count} Datei verschieden</numerusform>
                <numerusform>{branch} und {title} änderten {count} Dateien verschieden</numerusform>
            </translation>
        </message>
        <message>
            <source>{branch} as it was before</source>
            <translation>{branch}, wie es vorher war</translation>
        </message>
        <message>
            <source>{branch} as you committed it → this checkpoint, to read only</source>
            <translation>{branch}, wie committet → dieser Prüfpunkt, nur zum Lesen</translation>
        </message>
        <message>
            <source>{branch} contains this work already; nothing to do.</source>
            <translation>{branch} enthält diese Arbeit schon; nichts zu tun.</translation>
        </message>
        <message>
            <source>{branch} deleted the file; the task changed it.</source>
            <translation>{branch} hat die Datei gelöscht; die Aufgabe hat sie geändert.</translation>
        </message>
        <message>
            <source>{branch} goes back to where it was before, and the files that the merge changed with it. Where you changed one of them since, or {branch} has moved on, nothing is done. The task keeps its commits and can be merged again.</source>
            <translation>{branch} geht auf den Stand von vorher zurück und mit ihm die Dateien, die die Zusammenführung geändert hat. Haben Sie eine davon seither geändert oder ist {branch} weitergegangen, geschieht nichts. Die Aufgabe behält ihre Commits und kann wieder zusammengeführt werden.</translation>
        </message>
        <message>
            <source>{branch} has moved on since</source>
            <translation>{branch} ist seither weitergegangen</translation>
        </message>
        <message>
            <source>{branch} has moved on since. Nothing was undone.</source>
            <translation>{branch} ist seither weitergegangen. Nichts wurde rückgängig gemacht.</translation>
        </message>
        <message>
            <source>{branch} is as it was before the merge, at {commit}.</source>
            <translation>{branch} ist wieder wie vor der Zusammenführung, bei {commit}.</translation>
        </message>
        <message>
            <source>{branch} is as it was before the merge, at {commit}; your files too.</source>
            <translation>{branch} ist wieder wie vor der Zusammenführung, bei {commit}; Ihre Dateien auch.</translation>
        </message>
        <message>
            <source>{branch} or the task has moved on since the conflicts were looked at. Nothing was merged.</source>
            <translation>{branch} oder die Aufgabe ging seit dem Ansehen der Konflikte weiter. Nichts wurde zusammengeführt.</translation>
        </message>
        <message>
            <source>{calls} at once</source>
            <translation>{calls} zugleich</translation>
        </message>
        <message>
            <source>{checkpoints}; the last changed {changed}</source>
            <translation>{checkpoints}; der letzte änderte {changed}</translation>
        </message>
        <message>
            <source>{clock} ({time} from now)</source>
            <translation>{clock} (in {time})</translation>
        </message>
        <message numerus="yes">
            <source>{count:,} lines</source>
            <extracomment>For one: {count:,} line</extracomment>
            <translation>
                <numerusform>{count:,} Zeile</numerusform>
                <numerusform>{count:,} Zeilen</numerusform>
            </translation>
        </message>
        <message>
            <source>{count} + {held} held</source>
            <translation>{count} + {held} angehalten</translation>
        </message>
        <message numerus="yes">
            <source>{count} CPUs</source>
            <extracomment>For one: {count} CPU</extracomment>
            <translation>
                <numerusform>{count} CPU</numerusform>
                <numerusform>{count} CPUs</numerusform>
            </translation>
        </message>
        <message>
            <source>{count} CPUs, {size} GiB memory</source>
            <translation>{count} CPUs, {size} GiB Speicher</translation>
        </message>
        <message numerus="yes">
            <source>{count} answers are not sent yet. They are sent by themselves if what they answer still waits then.</source>
            <extracomment>For one: {count} answer is not sent yet. It is sent by itself if what it answers still waits then.</extracomment>
            <translation>
                <numerusform>{count} Antwort ist noch nicht gesendet. Sie wird von selbst gesendet, wenn dann noch wartet, was sie beantwortet.</numerusform>
                <numerusform>{count} Antworten sind noch nicht gesendet. Sie werden von selbst gesendet, wenn dann noch wartet, was sie beantworten.</numerusform>
            </translation>
        </message>
        <message>
            <source>{count} away</source>
            <translation>{count} weg</translation>
        </message>
        <message numerus="yes">
            <source>{count} calls</source>
            <extracomment>For one: {count} call</extracomment>
            <translation>
                <numerusform>{count} Aufruf</numerusform>
                <numerusform>{count} Aufrufe</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} calls in flight end first; nothing is cut off.</source>
            <extracomment>For one: {count} call in flight ends first; nothing is cut off.</extracomment>
            <translation>
                <numerusform>{count} laufender Aufruf endet zuerst; nichts wird abgeschnitten.</numerusform>
                <numerusform>{count} laufende Aufrufe enden zuerst; nichts wird abgeschnitten.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} calls of its own that are answered here break off.</source>
            <extracomment>For one: {count} call of its own that is answered here breaks off.</extracomment>
            <translation>
                <numerusform>{count} Aufruf von ihm, der hier beantwortet wird, bricht ab.</numerusform>
                <numerusform>{count} Aufrufe von ihm, die hier beantwortet werden, brechen ab.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} calls of yours that it answers now break off.</source>
            <extracomment>For one: {count} call of yours that it answers now breaks off.</extracomment>
            <translation>
                <numerusform>{count} Ihrer Aufrufe, den er gerade beantwortet, bricht ab.</numerusform>
                <numerusform>{count} Ihrer Aufrufe, die er gerade beantwortet, brechen ab.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} calls run</source>
            <extracomment>For one: {count} call runs</extracomment>
            <translation>
                <numerusform>{count} Aufruf läuft</numerusform>
                <numerusform>{count} Aufrufe laufen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} calls untold</source>
            <extracomment>For one: {count} call untold</extracomment>
            <translation>
                <numerusform>{count} Aufruf nicht gemeldet</numerusform>
                <numerusform>{count} Aufrufe nicht gemeldet</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} calls wait</source>
            <extracomment>For one: {count} call waits</extracomment>
            <translation>
                <numerusform>{count} Aufruf wartet</numerusform>
                <numerusform>{count} Aufrufe warten</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} checkpoints</source>
            <extracomment>For one: {count} checkpoint</extracomment>
            <translation>
                <numerusform>{count} Prüfpunkt</numerusform>
                <numerusform>{count} Prüfpunkte</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} choices or free text</source>
            <extracomment>For one: {count} choice or free text</extracomment>
            <translation>
                <numerusform>{count} Auswahl oder freier Text</numerusform>
                <numerusform>{count} Auswahlen oder freier Text</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} conflicts are still marked: write what shall stand there, without marks.</source>
            <extracomment>For one: {count} conflict is still marked: write what shall stand there, without marks.</extracomment>
            <translation>
                <numerusform>{count} Konflikt ist noch markiert: schreiben, was dort stehen soll, ohne Marken.</numerusform>
                <numerusform>{count} Konflikte sind noch markiert: schreiben, was dort stehen soll, ohne Marken.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} connections were not let out</source>
            <extracomment>For one: {count} connection was not let out</extracomment>
            <translation>
                <numerusform>{count} Verbindung wurde nicht hinausgelassen</numerusform>
                <numerusform>{count} Verbindungen wurden nicht hinausgelassen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} entries</source>
            <extracomment>For one: {count} entry</extracomment>
            <translation>
                <numerusform>{count} Eintrag</numerusform>
                <numerusform>{count} Einträge</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} files</source>
            <extracomment>For one: {count} file</extracomment>
            <translation>
                <numerusform>{count} Datei</numerusform>
                <numerusform>{count} Dateien</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} files changed</source>
            <extracomment>For one: {count} file changed</extracomment>
            <translation>
                <numerusform>{count} Datei geändert</numerusform>
                <numerusform>{count} Dateien geändert</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} files changed by you</source>
            <extracomment>For one: {count} file changed by you</extracomment>
            <translation>
                <numerusform>{count} Datei selbst geändert</numerusform>
                <numerusform>{count} Dateien selbst geändert</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} files changed by you. The task gets a copy of:</source>
            <extracomment>For one: {count} file changed by you. The task gets a copy of:</extracomment>
            <translation>
                <numerusform>{count} Datei selbst geändert. Die Aufgabe erhält eine Kopie von:</numerusform>
                <numerusform>{count} Dateien selbst geändert. Die Aufgabe erhält eine Kopie von:</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} files differ</source>
            <extracomment>For one: {count} file differs</extracomment>
            <translation>
                <numerusform>{count} Datei unterscheidet sich</numerusform>
                <numerusform>{count} Dateien unterscheiden sich</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} files not shown in full</source>
            <extracomment>For one: {count} file not shown in full</extracomment>
            <translation>
                <numerusform>{count} Datei nicht ganz gezeigt</numerusform>
                <numerusform>{count} Dateien nicht ganz gezeigt</numerusform>
            </translation>
        </message>
        <message>
            <source>{count} in flight</source>
            <translation>{count} laufend</translation>
        </message>
        <message>
            <source>{count} in flight of all it borrows</source>
            <translation>{count} laufen von allem, was er borgt</translation>
        </message>
        <message numerus="yes">
            <source>{count} leases</source>
            <extracomment>For one: {count} lease</extracomment>
            <translation>
                <numerusform>{count} Belegung</numerusform>
                <numerusform>{count} Belegungen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} machines</source>
            <extracomment>For one: {count} machine</extracomment>
            <translation>
                <numerusform>{count} Maschine</numerusform>
                <numerusform>{count} Maschinen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} model calls</source>
            <extracomment>For one: {count} model call</extracomment>
            <translation>
                <numerusform>{count} Modellaufruf</numerusform>
                <numerusform>{count} Modellaufrufe</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} more before it</source>
            <extracomment>For one: {count} more before it</extracomment>
            <translation>
                <numerusform>{count} weiterer davor</numerusform>
                <numerusform>{count} weitere davor</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} more files that would run here</source>
            <extracomment>For one: {count} more file that would run here</extracomment>
            <translation>
                <numerusform>{count} weitere Datei, die hier laufen würde</numerusform>
                <numerusform>{count} weitere Dateien, die hier laufen würden</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} more lines</source>
            <extracomment>For one: {count} more line</extracomment>
            <translation>
                <numerusform>{count} weitere Zeile</numerusform>
                <numerusform>{count} weitere Zeilen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} need a fix</source>
            <extracomment>For one: {count} needs a fix</extracomment>
            <translation>
                <numerusform>{count} zu beheben</numerusform>
                <numerusform>{count} zu beheben</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} need you</source>
            <extracomment>For one: {count} needs you</extracomment>
            <translation>
                <numerusform>{count} offen</numerusform>
                <numerusform>{count} offen</numerusform>
            </translation>
        </message>
        <message>
            <source>{count} not usable</source>
            <translation>{count} nicht nutzbar</translation>
        </message>
        <message>
            <source>{count} older ones: right-click their marks on the timeline.</source>
            <translation>{count} ältere: Rechtsklick auf ihre Marken auf der Zeitachse.</translation>
        </message>
        <message>
            <source>{count} peers are the limit</source>
            <translation>{count} Peers sind die Grenze</translation>
        </message>
        <message numerus="yes">
            <source>{count} peers away</source>
            <extracomment>For one: {count} peer away</extracomment>
            <translation>
                <numerusform>{count} Peer weg</numerusform>
                <numerusform>{count} Peers weg</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} places were changed by both; the rest is merged by itself when you edit.</source>
            <extracomment>For one: {count} place was changed by both; the rest is merged by itself when you edit.</extracomment>
            <translation>
                <numerusform>{count} Stelle änderten beide; der Rest wird beim Bearbeiten von selbst zusammengeführt.</numerusform>
                <numerusform>{count} Stellen änderten beide; der Rest wird beim Bearbeiten von selbst zusammengeführt.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} results</source>
            <extracomment>For one: {count} result</extracomment>
            <translation>
                <numerusform>{count} Treffer</numerusform>
                <numerusform>{count} Treffer</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} running</source>
            <extracomment>For one: {count} running</extracomment>
            <translation>
                <numerusform>{count} läuft</numerusform>
                <numerusform>{count} laufen</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} snapshots</source>
            <extracomment>For one: {count} snapshot</extracomment>
            <translation>
                <numerusform>{count} Schnappschuss</numerusform>
                <numerusform>{count} Schnappschüsse</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} steps</source>
            <extracomment>For one: {count} step</extracomment>
            <translation>
                <numerusform>{count} Schritt</numerusform>
                <numerusform>{count} Schritte</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} steps and waits</source>
            <extracomment>For one: {count} step or wait</extracomment>
            <translation>
                <numerusform>{count} Schritt oder Wartezeit</numerusform>
                <numerusform>{count} Schritte und Wartezeiten</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} tasks</source>
            <extracomment>For one: {count} task</extracomment>
            <translation>
                <numerusform>{count} Aufgabe</numerusform>
                <numerusform>{count} Aufgaben</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} tasks that hold it ask for it again at the next step.</source>
            <extracomment>For one: {count} task that holds it asks for it again at the next step.</extracomment>
            <translation>
                <numerusform>{count} Aufgabe, die es hält, verlangt es beim nächsten Schritt erneut.</numerusform>
                <numerusform>{count} Aufgaben, die es halten, verlangen es beim nächsten Schritt erneut.</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} times</source>
            <extracomment>For one: {count} time</extracomment>
            <translation>
                <numerusform>{count} Mal</numerusform>
                <numerusform>{count} Mal</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} to compare or roll back to</source>
            <extracomment>For one: {count} to look at or roll back to</extracomment>
            <translation>
                <numerusform>{count} zum Vergleichen oder Zurücksetzen</numerusform>
                <numerusform>{count} zum Vergleichen oder Zurücksetzen</numerusform>
            </translation>
        </message>
        <message>
            <source>{count} tokens</source>
            <translation>{count} Token</translation>
        </message>
        <message>
            <source>{count} tokens in</source>
            <translation>{count} Token ein</translation>
        </message>
        <message>
            <source>{count} tokens out</source>
            <translation>{count} Token aus</translation>
        </message>
        <message numerus="yes">
            <source>{count} wait</source>
            <extracomment>For one: {count} waits</extracomment>
            <translation>
                <numerusform>{count} wartet</numerusform>
                <numerusform>{count} warten</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} waiting</source>
            <extracomment>For one: {count} waiting</extracomment>
            <translation>
                <numerusform>{count} wartet</numerusform>
                <numerusform>{count} warten</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>{count} weeks ago</source>
            <extracomment>For one: {count} week ago</extracomment>
            <translation>
                <numerusform>vor {count} Woche</numerusform>
                <numerusform>vor {count} Wochen</numerusform>
            </translation>
        </message>
        <message>
            <source>{cpus}, {memory} of memory, {network}</source>
            <translation>{cpus}, {memory} Speicher, {network}</translation>
        </message>
        <message>
            <source>{day} {month}</source>
            <translation>{day}. {month}</translation>
        </message>
        <message>
            <source>{device} (not usable)</source>
            <translation>{device} (nicht nutzbar)</translation>
        </message>
        <message>
            <source>{done} of {count}</source>
            <translation>{done} von {count}</translation>
        </message>
        <message numerus="yes">
            <source>{done} of {count} files are settled.</source>
            <extracomment>For one: {done} of {count} file is settled.</extracomment>
            <translation>
                <numerusform>{done} von {count} Datei ist geklärt.</numerusform>
                <numerusform>{done} von {count} Dateien sind geklärt.</numerusform>
            </translation>
        </message>
        <message>
            <source>{files} of the task's copy: {paths}</source>
            <translation>{files} der Kopie der Aufgabe: {paths}</translation>
        </message>
        <message>
            <source>{files} since it began: {names}</source>
            <translation>{files} seit dem Anfang: {names}</translation>
        </message>
        <message>
            <source>{files}, +{added} -{removed} lines.</source>
            <translation>{files}, +{added} -{removed} Zeilen.</translation>
        </message>
        <message>
            <source>{files}, +{added} −{removed} lines</source>
            <translation>{files}, +{added} −{removed} Zeilen</translation>
        </message>
        <message>
            <source>{file} asks for more than a project gets by itself. You trust exactly this version (sha256 {digest}); a changed file asks again.</source>
            <translation>{file} verlangt mehr, als ein Projekt von selbst bekommt. Vertraut wird genau dieser Fassung (sha256 {digest}); eine geänderte Datei fragt erneut.</translation>
        </message>
        <message>
            <source>{file} could not be written: {why}.</source>
            <translation>{file} ließ sich nicht schreiben: {why}.</translation>
        </message>
        <message>
            <source>{file}, line {number}</source>
            <translation>{file}, Zeile {number}</translation>
        </message>
        <message>
            <source>{found:,} of {count:,}</source>
            <translation>{found:,} von {count:,}</translation>
        </message>
        <message>
            <source>{found:,} of {count:,} so far</source>
            <translation>bisher {found:,} von {count:,}</translation>
        </message>
        <message>
            <source>{frees}; estimate: within {time}, if {task} takes as long as its last run</source>
            <translation>{frees}; Schätzung: in höchstens {time}, wenn {task} so lange braucht wie beim letzten Lauf</translation>
        </message>
        <message>
            <source>{frees}; estimate: within {time}, if {task} takes as long as its last {runs} runs, in the median</source>
            <translation>{frees}; Schätzung: in höchstens {time}, wenn {task} so lange braucht wie bei den letzten {runs} Läufen (Median)</translation>
        </message>
        <message>
            <source>{free} of {total} GiB can be had now</source>
            <translation>{free} von {total} GiB sind jetzt zu haben</translation>
        </message>
        <message>
            <source>{free} of {total} GiB free</source>
            <translation>{free} von {total} GiB frei</translation>
        </message>
        <message>
            <source>{good} of {count}</source>
            <translation>{good} von {count}</translation>
        </message>
        <message>
            <source>{gpu}, on which {model} ran, cannot be used: {why}</source>
            <translation>{gpu}, auf der {model} lief, ist nicht nutzbar: {why}</translation>
        </message>
        <message>
            <source>{host} stands for {address}, which no machine may reach.</source>
            <translation>{host} steht für {address}, das keine Maschine erreichen darf.</translation>
        </message>
        <message>
            <source>{hours} GPU-hours</source>
            <translation>{hours} GPU-Stunden</translation>
        </message>
        <message>
            <source>{how}, answered by {who}</source>
            <translation>{how}, beantwortet von {who}</translation>
        </message>
        <message>
            <source>{kind}, after a merge: {when}. Read it with care.</source>
            <translation>{kind}, nach dem Zusammenführen: {when}. Sorgfältig lesen.</translation>
        </message>
        <message>
            <source>{models}, {calls} at a time</source>
            <translation>{models}, {calls} zugleich</translation>
        </message>
        <message>
            <source>{model} cannot be had: {why}</source>
            <translation>{model} ist nicht zu haben: {why}</translation>
        </message>
        <message>
            <source>{model} does not run on this machine, and only what runs here can be lent</source>
            <translation>{model} läuft nicht auf diesem Rechner, und nur was hier läuft, kann verliehen werden</translation>
        </message>
        <message>
            <source>{model} ended with exit code {code}</source>
            <translation>{model} endete mit Code {code}</translation>
        </message>
        <message>
            <source>{model} failed and starts again in {seconds} s: {why}</source>
            <translation>{model} ist gescheitert und startet in {seconds} s erneut: {why}</translation>
        </message>
        <message>
            <source>{model} failed with {status}</source>
            <translation>{model} scheiterte mit {status}</translation>
        </message>
        <message>
            <source>{model} for {project}</source>
            <translation>{model} für {project}</translation>
        </message>
        <message>
            <source>{model} has been served</source>
            <translation>{model} ist bedient</translation>
        </message>
        <message>
            <source>{model} has served its turn</source>
            <translation>{model} war an der Reihe</translation>
        </message>
        <message>
            <source>{model} is being loaded</source>
            <translation>{model} wird geladen</translation>
        </message>
        <message>
            <source>{model} is being loaded: {what}</source>
            <translation>{model} wird geladen: {what}</translation>
        </message>
        <message>
            <source>{model} is being stopped and will start again</source>
            <translation>{model} wird gestoppt und startet erneut</translation>
        </message>
        <message>
            <source>{model} is loaded on a GPU{queue}.</source>
            <translation>{model} ist auf einer GPU geladen{queue}.</translation>
        </message>
        <message>
            <source>{model} is loaded on the CPU{queue}.</source>
            <translation>{model} ist auf der CPU geladen{queue}.</translation>
        </message>
        <message>
            <source>{model} is loaded when it is first called{takes}.</source>
            <translation>{model} wird beim ersten Aufruf geladen{takes}.</translation>
        </message>
        <message>
            <source>{model} is no longer pinned</source>
            <translation>{model} ist nicht mehr angeheftet</translation>
        </message>
        <message>
            <source>{model} is ready</source>
            <translation>{model} ist bereit</translation>
        </message>
        <message>
            <source>{model} is ready.</source>
            <translation>{model} ist bereit.</translation>
        </message>
        <message>
            <source>{model} is reserved.</source>
            <translation>{model} ist reserviert.</translation>
        </message>
        <message>
            <source>{model} is unloaded.</source>
            <translation>{model} ist entladen.</translation>
        </message>
        <message>
            <source>{model} leaves</source>
            <translation>{model} geht</translation>
        </message>
        <message>
            <source>{model} makes room for {other}</source>
            <translation>{model} macht Platz für {other}</translation>
        </message>
        <message>
            <source>{model} may be unloaded again.</source>
            <translation>{model} darf wieder entladen werden.</translation>
        </message>
        <message>
            <source>{model} needs a GPU, and none can be used now</source>
            <translation>{model} braucht eine GPU, und jetzt ist keine nutzbar</translation>
        </message>
        <message>
            <source>{model} needs the memory</source>
            <translation>{model} braucht den Speicher</translation>
        </message>
        <message>
            <source>{model} needs {needed}; other Fabrics of this machine promised {others}</source>
            <translation>{model} braucht {needed}; andere Fabrics dieses Rechners haben {others} zugesagt</translation>
        </message>
        <message>
            <source>{model} needs {needed}; other programs hold {others}</source>
            <translation>{model} braucht {needed}; andere Programme halten {others}</translation>
        </message>
        <message>
            <source>{model} needs {needed}; other programs hold {others} of GPU memory</source>
            <translation>{model} braucht {needed}; andere Programme halten {others} GPU-Speicher</translation>
        </message>
        <message>
            <source>{model} needs {needed}; {used} of {total} are in use by {holders}</source>
            <translation>{model} braucht {needed}; {used} von {total} sind belegt durch {holders}</translation>
        </message>
        <message>
            <source>{model} needs {needed}; {used} of {total} of GPU memory are in use by {holders}</source>
            <translation>{model} braucht {needed}; {used} von {total} GPU-Speicher sind belegt durch {holders}</translation>
        </message>
        <message>
            <source>{model} on GPU {number}</source>
            <translation>{model} auf GPU {number}</translation>
        </message>
        <message>
            <source>{model} ran out of GPU memory: {size} were set aside for it</source>
            <translation>{model} ging der GPU-Speicher aus: {size} waren dafür vorgesehen</translation>
        </message>
        <message>
            <source>{model} ran out of memory: its limit is {size}</source>
            <translation>{model} ging der Speicher aus: die Grenze ist {size}</translation>
        </message>
        <message>
            <source>{model} said</source>
            <translation>{model} sagte</translation>
        </message>
        <message>
            <source>{model} stays loaded until you unpin it.</source>
            <translation>{model} bleibt geladen, bis es gelöst wird.</translation>
        </message>
        <message>
            <source>{model} waits until {size} are really free</source>
            <translation>{model} wartet, bis {size} wirklich frei sind</translation>
        </message>
        <message>
            <source>{model} was asked to unload</source>
            <translation>{model} soll entladen werden</translation>
        </message>
        <message>
            <source>{model} was not ready after {seconds} s</source>
            <translation>{model} war nach {seconds} s nicht bereit</translation>
        </message>
        <message>
            <source>{model} was removed from the list of models</source>
            <translation>{model} wurde aus der Liste der Modelle entfernt</translation>
        </message>
        <message>
            <source>{model} was unloaded</source>
            <translation>{model} wurde entladen</translation>
        </message>
        <message>
            <source>{model}. The model service was not asked yet.</source>
            <translation>{model}. Der Modelldienst wurde noch nicht gefragt.</translation>
        </message>
        <message>
            <source>{names} and {count} more</source>
            <translation>{names} und {count} weitere</translation>
        </message>
        <message>
            <source>{names} ends, yields, or waits for you</source>
            <translation>{names} endet, weicht oder wartet auf eine Antwort</translation>
        </message>
        <message>
            <source>{names} starts</source>
            <translation>{names} startet</translation>
        </message>
        <message>
            <source>{names}: ended well (exit code 0)</source>
            <translation>{names}: gut beendet (Code 0)</translation>
        </message>
        <message>
            <source>{name} (emulation)</source>
            <translation>{name} (Emulation)</translation>
        </message>
        <message>
            <source>{name} cannot be the name of a peer</source>
            <translation>{name} kann nicht der Name eines Peers sein</translation>
        </message>
        <message>
            <source>{name} did not answer.</source>
            <translation>{name} hat nicht geantwortet.</translation>
        </message>
        <message>
            <source>{name}, built {when}</source>
            <translation>{name}, gebaut: {when}</translation>
        </message>
        <message>
            <source>{name}: A {left}, B {right}{less}</source>
            <translation>{name}: A {left}, B {right}{less}</translation>
        </message>
        <message>
            <source>{number} of {total}</source>
            <translation>{number} von {total}</translation>
        </message>
        <message>
            <source>{one} or {other}</source>
            <translation>{one} oder {other}</translation>
        </message>
        <message>
            <source>{one} with {other}</source>
            <translation>{one} mit {other}</translation>
        </message>
        <message>
            <source>{passed} of about {usual}</source>
            <translation>{passed} von etwa {usual}</translation>
        </message>
        <message>
            <source>{paths} as edited by you.</source>
            <translation>{paths} wie selbst bearbeitet.</translation>
        </message>
        <message numerus="yes">
            <source>{paths} go back to the agent as not approved, put back as before.</source>
            <extracomment>For one: {paths} goes back to the agent as not approved, put back as before.</extracomment>
            <translation>
                <numerusform>{paths} geht als nicht freigegeben an den Agenten zurück, im Stand davor.</numerusform>
                <numerusform>{paths} gehen als nicht freigegeben an den Agenten zurück, im Stand davor.</numerusform>
            </translation>
        </message>
        <message>
            <source>{path} belongs to another user, who could have put settings into it that act on you.</source>
            <translation>{path} gehört jemand anderem, der darin wirksame Einstellungen hinterlassen haben könnte.</translation>
        </message>
        <message>
            <source>{path} cannot be edited here: an editor would change its line ends.</source>
            <translation>{path} lässt sich hier nicht bearbeiten: Ein Editor würde die Zeilenenden ändern.</translation>
        </message>
        <message>
            <source>{path} cannot be edited here: {why_not}.</source>
            <translation>{path} lässt sich hier nicht bearbeiten: {why_not}.</translation>
        </message>
        <message>
            <source>{path} configures ClawDesk itself.</source>
            <translation>{path} stellt ClawDesk selbst ein.</translation>
        </message>
        <message>
            <source>{path} configures ClawDesk itself: changes there always need approval.</source>
            <translation>{path} stellt ClawDesk selbst ein: Änderungen daran brauchen immer eine Freigabe.</translation>
        </message>
        <message>
            <source>{path} does not exist.</source>
            <translation>{path} gibt es nicht.</translation>
        </message>
        <message>
            <source>{path} has no commit yet, so there is nothing a task could start from.</source>
            <translation>{path} hat noch keinen Commit, mit dem eine Aufgabe beginnen könnte.</translation>
        </message>
        <message>
            <source>{path} is a bare repository: it has no files to work on.</source>
            <translation>{path} ist ein Repositorium ohne Dateien (bare): Es gibt nichts zu bearbeiten.</translation>
        </message>
        <message>
            <source>{path} is a file, not a folder.</source>
            <translation>{path} ist eine Datei, kein Ordner.</translation>
        </message>
        <message>
            <source>{path} is a folder inside the repository {top}.</source>
            <translation>{path} ist ein Ordner im Repositorium {top}.</translation>
        </message>
        <message>
            <source>{path} is not a Git repository.</source>
            <translation>{path} ist kein Git-Repositorium.</translation>
        </message>
        <message>
            <source>{path} is not changed, for it has a mistake: {mistake}. Mend it first.</source>
            <translation>{path} wird nicht geändert, denn es hat einen Fehler: {mistake}. Beheben Sie ihn zuerst.</translation>
        </message>
        <message>
            <source>{path} is not changed: {why}.</source>
            <translation>{path} wird nicht geändert: {why}.</translation>
        </message>
        <message>
            <source>{path} is not there any more: moved, deleted or unmounted.</source>
            <translation>{path} ist nicht mehr da: verschoben, gelöscht oder ausgehängt.</translation>
        </message>
        <message>
            <source>{path} is open read-only: {who}.</source>
            <translation>{path} ist nur zum Lesen offen: {who}.</translation>
        </message>
        <message numerus="yes">
            <source>{path} is taken without {count} hunks.</source>
            <extracomment>For one: {path} is taken without {count} hunk.</extracomment>
            <translation>
                <numerusform>{path} wird ohne {count} Teil genommen.</numerusform>
                <numerusform>{path} wird ohne {count} Teile genommen.</numerusform>
            </translation>
        </message>
        <message>
            <source>{path} was closed.</source>
            <translation>{path} wurde geschlossen.</translation>
        </message>
        <message>
            <source>{path} would run on your machine after a merge.</source>
            <translation>{path} würde nach dem Zusammenführen auf diesem Rechner laufen.</translation>
        </message>
        <message>
            <source>{peer} has asked nothing for {seconds} s</source>
            <translation>{peer} hat seit {seconds} s nichts gefragt</translation>
        </message>
        <message>
            <source>{peer} is here and lends {model}: prompts leave this machine.</source>
            <translation>{peer} ist da und verleiht {model}: Prompts verlassen diesen Rechner.</translation>
        </message>
        <message>
            <source>{peer} lends no {model}; it lends: {names}.</source>
            <translation>{peer} verleiht kein {model}; er verleiht: {names}.</translation>
        </message>
        <message>
            <source>{peer} was not heard of yet since this Fabric began</source>
            <translation>von {peer} war seit dem Start dieser Fabric noch nichts zu hören</translation>
        </message>
        <message numerus="yes">
            <source>{percent} % of {count} cores</source>
            <extracomment>For one: {percent} % of {count} core</extracomment>
            <translation>
                <numerusform>{percent} % von {count} Kern</numerusform>
                <numerusform>{percent} % von {count} Kernen</numerusform>
            </translation>
        </message>
        <message>
            <source>{place} of {count}</source>
            <translation>{place} von {count}</translation>
        </message>
        <message>
            <source>{problem} {mend} What needs you stands in the inbox all the same.</source>
            <translation>{problem} {mend} Offene Anfragen stehen trotzdem im Eingang.</translation>
        </message>
        <message>
            <source>{program} is not installed; machines cannot start without it.</source>
            <translation>{program} ist nicht installiert; ohne es kann keine Maschine starten.</translation>
        </message>
        <message>
            <source>{project} has used up its budget</source>
            <translation>{project} hat sein Budget aufgebraucht</translation>
        </message>
        <message>
            <source>{project} – ClawDesk</source>
            <translation>{project} – ClawDesk</translation>
        </message>
        <message>
            <source>{project}: its policy asks for more than a project gets by itself.</source>
            <translation>{project}: Die Richtlinie verlangt mehr, als ein Projekt von selbst bekommt.</translation>
        </message>
        <message>
            <source>{ref} was deleted by another program while its task went on; it was put back.</source>
            <translation>{ref} wurde von einem anderen Programm gelöscht, während die Aufgabe weiterlief; sie wurde wiederhergestellt.</translation>
        </message>
        <message>
            <source>{ref} was deleted by another program, and its commits are gone from {path}.</source>
            <translation>{ref} wurde von einem anderen Programm gelöscht, und ihre Commits sind aus {path} verschwunden.</translation>
        </message>
        <message>
            <source>{seconds} GPU-seconds</source>
            <translation>{seconds} GPU-Sekunden</translation>
        </message>
        <message>
            <source>{secret} goes with its requests to {host}.</source>
            <translation>{secret} geht mit ihren Anfragen an {host}.</translation>
        </message>
        <message>
            <source>{server}, with buttons</source>
            <translation>{server}, mit Knöpfen</translation>
        </message>
        <message>
            <source>{share} of the usual time</source>
            <translation>{share} der üblichen Zeit</translation>
        </message>
        <message>
            <source>{size} GiB free</source>
            <translation>{size} GiB frei</translation>
        </message>
        <message>
            <source>{size} kept, stood still {time}</source>
            <translation>{size} gesichert, stand {time} still</translation>
        </message>
        <message>
            <source>{size} on the disk of {path}</source>
            <translation>{size} auf dem Datenträger von {path}</translation>
        </message>
        <message>
            <source>{size} shared</source>
            <translation>{size} geteilt</translation>
        </message>
        <message>
            <source>{size}, usual for this agent</source>
            <translation>{size}, üblich für diesen Agenten</translation>
        </message>
        <message>
            <source>{size}. Not looked at yet.</source>
            <translation>{size}. Noch nicht angesehen.</translation>
        </message>
        <message>
            <source>{size}; emulated, several times slower</source>
            <translation>{size}; emuliert, um ein Mehrfaches langsamer</translation>
        </message>
        <message>
            <source>{size}; starts with KVM</source>
            <translation>{size}; startet mit KVM</translation>
        </message>
        <message numerus="yes">
            <source>{steps} of work, {count} checkpoints after it</source>
            <extracomment>For one: {steps} of work, {count} checkpoint after it</extracomment>
            <translation>
                <numerusform>{steps} Arbeit, {count} Prüfpunkt danach</numerusform>
                <numerusform>{steps} Arbeit, {count} Prüfpunkte danach</numerusform>
            </translation>
        </message>
        <message>
            <source>{step} ClawDesk ends by itself; keep the computer on until then.</source>
            <translation>{step} ClawDesk endet von selbst; lassen Sie den Rechner bis dahin an.</translation>
        </message>
        <message>
            <source>{step}: has not ended yet</source>
            <translation>{step}: noch nicht beendet</translation>
        </message>
        <message>
            <source>{step}: {spent}</source>
            <translation>{step}: {spent}</translation>
        </message>
        <message>
            <source>{submitted}, a fork from {where} of {task}</source>
            <translation>{submitted}, eine Abzweigung von {where} von {task}</translation>
        </message>
        <message numerus="yes">
            <source>{taken} of {count} files</source>
            <extracomment>For one: {taken} of {count} file</extracomment>
            <translation>
                <numerusform>{taken} von {count} Datei</numerusform>
                <numerusform>{taken} von {count} Dateien</numerusform>
            </translation>
        </message>
        <message>
            <source>{task} asks you</source>
            <translation>{task} fragt</translation>
        </message>
        <message>
            <source>{task} failed</source>
            <translation>{task} ist gescheitert</translation>
        </message>
        <message>
            <source>{task} forked from {where}</source>
            <translation>{task} abgezweigt: {where}</translation>
        </message>
        <message>
            <source>{task} gets back what its project lent</source>
            <translation>{task} bekommt zurück, was ihr Projekt verliehen hat</translation>
        </message>
        <message>
            <source>{task} goes on undisturbed</source>
            <translation>{task} geht ungestört weiter</translation>
        </message>
        <message>
            <source>{task} is done</source>
            <translation>{task} ist fertig</translation>
        </message>
        <message>
            <source>{task} is more important ({points} against {own} points)</source>
            <translation>{task} ist wichtiger ({points} gegen {own} Punkte)</translation>
        </message>
        <message>
            <source>{task} needs your approval</source>
            <translation>{task} braucht eine Freigabe</translation>
        </message>
        <message>
            <source>{task} waits for your trust</source>
            <translation>{task} wartet auf Vertrauen</translation>
        </message>
        <message>
            <source>{task} was kept instead</source>
            <translation>stattdessen wurde {task} behalten</translation>
        </message>
        <message>
            <source>{task}, of a project that is not open</source>
            <translation>{task}, aus einem Projekt, das nicht offen ist</translation>
        </message>
        <message>
            <source>{text} is no address</source>
            <translation>{text} ist keine Adresse</translation>
        </message>
        <message>
            <source>{time} ago</source>
            <translation>vor {time}</translation>
        </message>
        <message>
            <source>{time} at the model</source>
            <translation>{time} Modell</translation>
        </message>
        <message>
            <source>{time} in</source>
            <translation>seit {time}</translation>
        </message>
        <message>
            <source>{title} goes back to {where}.</source>
            <translation>{title} geht zurück: {where}.</translation>
        </message>
        <message>
            <source>{tokens_in} tokens in, {tokens_out} out</source>
            <translation>{tokens_in} Token ein, {tokens_out} aus</translation>
        </message>
        <message>
            <source>{until}, for one machine, once; five wrong tries end it</source>
            <translation>{until}, für einen Rechner, einmal; fünf falsche Versuche beenden sie</translation>
        </message>
        <message numerus="yes">
            <source>{used} of {count} slots in use</source>
            <extracomment>For one: {used} of {count} slot in use</extracomment>
            <translation>
                <numerusform>{used} von {count} Platz belegt</numerusform>
                <numerusform>{used} von {count} Plätzen belegt</numerusform>
            </translation>
        </message>
        <message>
            <source>{used} of {total} GPU-hours are used</source>
            <translation>{used} von {total} GPU-Stunden sind verbraucht</translation>
        </message>
        <message>
            <source>{used} of {total} GiB</source>
            <translation>{used} von {total} GiB</translation>
        </message>
        <message>
            <source>{used} of {total} GiB in use</source>
            <translation>{used} von {total} GiB belegt</translation>
        </message>
        <message>
            <source>{used} of {total} tokens are used</source>
            <translation>{used} von {total} Token sind verbraucht</translation>
        </message>
        <message>
            <source>{value} GiB</source>
            <translation>{value} GiB</translation>
        </message>
        <message>
            <source>{value} MiB</source>
            <translation>{value} MiB</translation>
        </message>
        <message>
            <source>{value} days</source>
            <translation>{value} Tage</translation>
        </message>
        <message>
            <source>{value} s</source>
            <translation>{value} s</translation>
        </message>
        <message>
            <source>{verdict} at {time}</source>
            <translation>{verdict} um {time}</translation>
        </message>
        <message>
            <source>{verdict} at {where}</source>
            <translation>{verdict} bei {where}</translation>
        </message>
        <message>
            <source>{verdict} by {who}</source>
            <translation>{verdict} von {who}</translation>
        </message>
        <message>
            <source>{verdict} by {who} at {time}</source>
            <translation>{verdict} von {who} um {time}</translation>
        </message>
        <message>
            <source>{verdict} by {who} via {channel} at {time}</source>
            <translation>{verdict} von {who} über {channel} um {time}</translation>
        </message>
        <message>
            <source>{verdict} via {channel} at {time}</source>
            <translation>{verdict} über {channel} um {time}</translation>
        </message>
        <message>
            <source>{what} changed since it was shown to you; look at it again.</source>
            <translation>{what} hat sich seit dem Zeigen geändert; erneut ansehen.</translation>
        </message>
        <message>
            <source>{what} failed: {sentence}</source>
            <translation>{what} ist gescheitert: {sentence}</translation>
        </message>
        <message>
            <source>{what} has {count} characters; at most {limit} are allowed.</source>
            <translation>{what} hat {count} Zeichen; höchstens {limit} sind erlaubt.</translation>
        </message>
        <message>
            <source>{what} holds the character {code}; lines of plain text are allowed.</source>
            <translation>{what} enthält das Zeichen {code}; erlaubt sind Zeilen aus reinem Text.</translation>
        </message>
        <message>
            <source>{what} is empty: say what shall be done.</source>
            <translation>{what} ist leer: sagen Sie, was getan werden soll.</translation>
        </message>
        <message>
            <source>{what} is not waiting.</source>
            <translation>{what} wartet nicht.</translation>
        </message>
        <message>
            <source>{what} is not waiting. The last decision was made by {who} via {channel}.</source>
            <translation>{what} wartet nicht. Die letzte Entscheidung kam von {who} über {channel}.</translation>
        </message>
        <message>
            <source>{what} is not waiting; {name} is.</source>
            <translation>{what} wartet nicht; es wartet {name}.</translation>
        </message>
        <message>
            <source>{what} shows no text: say what shall be done.</source>
            <translation>{what} zeigt keinen Text: sagen Sie, was getan werden soll.</translation>
        </message>
        <message>
            <source>{what} was just answered by {who} via {channel}.</source>
            <translation>{what} wurde gerade von {who} über {channel} beantwortet.</translation>
        </message>
        <message>
            <source>{what}, {task} of {project}, waits {age}</source>
            <translation>{what}, {task} aus {project}, wartet {age}</translation>
        </message>
        <message>
            <source>{what}; zoom in to see each.</source>
            <translation>{what}; zum Einzelnen vergrößern.</translation>
        </message>
        <message>
            <source>{where} in {step}</source>
            <translation>{where} in {step}</translation>
        </message>
        <message>
            <source>{where} waits for your approval</source>
            <translation>{where} wartet auf Freigabe</translation>
        </message>
        <message>
            <source>{who} answered something that is no HTTP</source>
            <translation>{who} antwortete etwas, das kein HTTP ist</translation>
        </message>
        <message>
            <source>{who} answered something that is no JSON</source>
            <translation>{who} antwortete etwas, das kein JSON ist</translation>
        </message>
        <message>
            <source>{who} answered something that is no list of lent models</source>
            <translation>{who} antwortete etwas, das keine Liste verliehener Modelle ist</translation>
        </message>
        <message>
            <source>{who} answered with status {status}</source>
            <translation>{who} antwortete mit Status {status}</translation>
        </message>
        <message>
            <source>{who} closed the connection at {address}: it may have revoked this machine; if so, pair the two anew</source>
            <translation>{who} schloss die Verbindung unter {address}: vielleicht hat er diesen Rechner widerrufen; dann koppeln Sie beide neu</translation>
        </message>
        <message>
            <source>{who} did not answer at {address} within {seconds} s</source>
            <translation>{who} antwortete unter {address} nicht innerhalb von {seconds} s</translation>
        </message>
        <message>
            <source>{who} does not answer at {address}: {error}</source>
            <translation>{who} antwortet unter {address} nicht: {error}</translation>
        </message>
        <message>
            <source>{who} no longer lends anything to this machine: it revoked it</source>
            <translation>{who} verleiht diesem Rechner nichts mehr: er hat ihn widerrufen</translation>
        </message>
        <message>
            <source>{who}. Branch: {ours} Task: {theirs}</source>
            <translation>{who}. Zweig: {ours} Aufgabe: {theirs}</translation>
        </message>
        <message>
            <source>{why} (not recorded: {error})</source>
            <translation>{why} (nicht aufgezeichnet: {error})</translation>
        </message>
        <message>
            <source>{why} The task starts again from its beginning.</source>
            <translation>{why} Die Aufgabe beginnt von vorn.</translation>
        </message>
        <message>
            <source>{why} The task starts again from its beginning. Checkpoint {ordinal} can be restored instead.</source>
            <translation>{why} Die Aufgabe beginnt von vorn. Stattdessen lässt sich Prüfpunkt {ordinal} wiederherstellen.</translation>
        </message>
        <message>
            <source>{why} The task starts again from its beginning; what it had done is lost.</source>
            <translation>{why} Die Aufgabe beginnt von vorn; was sie getan hatte, ist verloren.</translation>
        </message>
        <message>
            <source>{why}. Its calls wait until you raise the budget.</source>
            <translation>{why}. Die Aufrufe warten, bis das Budget erhöht wird.</translation>
        </message>
        <message>
            <source>{why}. Models run on processors.</source>
            <translation>{why}. Modelle laufen auf Prozessoren.</translation>
        </message>
        <message>
            <source>{why}. Models run on the CPU.</source>
            <translation>{why}. Modelle laufen auf der CPU.</translation>
        </message>
        <message>
            <source>“Calls at a time” must be a number from 1 to {most}.</source>
            <translation>„Aufrufe zugleich“ muss eine Zahl von 1 bis {most} sein.</translation>
        </message>
        <message>
            <source>“Listen at” must be an address like {address}.</source>
            <translation>„Erreichbar unter“ muss eine Adresse sein wie {address}.</translation>
        </message>
        <message>
            <source>“Until” must be after “From”, and must not have passed.</source>
            <translation>„Bis“ muss nach „Von“ liegen und darf nicht vergangen sein.</translation>
        </message>
        <message>
            <source>“Weight” must be a number from {least} to {most}.</source>
            <translation>„Gewicht“ muss eine Zahl von {least} bis {most} sein.</translation>
        </message>
        <message>
            <source>“{message}”</source>
            <translation>„{message}“</translation>
        </message>
        <message>
            <source>“{quote}”</source>
            <translation>„{quote}“</translation>
        </message>
        <message>
            <source>“{wrong}” must be a number that is not negative, or empty.</source>
            <translation>„{wrong}“ muss eine nicht negative Zahl sein oder leer.</translation>
        </message>
        <message>
            <source>“{wrong}” must be a time like 2026-01-31 14:00.</source>
            <translation>„{wrong}“ muss eine Zeit wie 2026-01-31 14:00 sein.</translation>
        </message>
        <message>
            <source>… and {count} more</source>
            <translation>… und {count} weitere</translation>
        </message>
        <message>
            <source>… {more} more lines</source>
            <translation>… {more} weitere Zeilen</translation>
        </message>
    </context>
</TS>
